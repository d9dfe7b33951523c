// Private to the folders of sixteen lanes, and no header of its own: each includes it inside its
// target region and namespace, after
//
//   add_block<kFormat, kBatch>(block, activations, b, sums)     the exact sums of one block
//
// so that these loops are compiled for the instructions that add_block uses.

template <BlockFormat kFormat, int kBatch>
static void multiply_tile(const PanelArgs& args, std::size_t first) {
  auto tile = avx512::Tile<kBatch>::load(args, first);
  Ahead ahead = first == 0 ? args.ahead : Ahead{};
  for (std::size_t b = 0; b < args.blocks; ++b) {
    ahead.advance();
    __m512i exact[kBatch];
    add_block<kFormat, kBatch>(args.panel[b], tile.x, b, exact);
    avx512::add_scaled<kFormat, kBatch>(args.panel[b], b, exact, tile);
  }
  tile.store(args, first);
}

template <BlockFormat kFormat>
void multiply_panel(const PanelArgs& args) {
  std::size_t n = 0;
  for (; n + 8 <= args.batch; n += 8) multiply_tile<kFormat, 8>(args, n);
  if (n + 4 <= args.batch) {
    multiply_tile<kFormat, 4>(args, n);
    n += 4;
  }
  if (n + 2 <= args.batch) {
    multiply_tile<kFormat, 2>(args, n);
    n += 2;
  }
  if (n < args.batch) multiply_tile<kFormat, 1>(args, n);
}
