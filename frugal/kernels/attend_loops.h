// Private to this folder, and no header of its own: each fast instruction set's attend.cpp includes
// it at the end of its target region and namespace, after
//
//   kRowsAtOnce                                       query rows that share a walk over the pages
//   CachedF32, CachedF16, CachedQ8                    how numbers lie in a page
//   score_page<Cached, kRows>(task, scores)           scores of all positions of a page
//   weigh(scores, low, high, softcap, running)        scores to weights
//   add_page<Cached, kRows>(task, weights, shrink, low, high)   weighted values to the outputs
//
// so that these loops are compiled for the same instructions.

template <class Cached, int kRows>
static inline void attend_page(const PageTask& task, Running* running) {
  const AttendArgs& args = task.args;
  float scores[kRows][kPagePositions];
  score_page<Cached, kRows>(task, scores);
  float shrink[kRows];
  std::size_t low = kPagePositions;
  std::size_t high = 0;
  for (std::size_t r = 0; r < kRows; ++r) {
    const std::size_t begin = args.begin[task.first + r];
    const std::size_t end = args.end[task.first + r];
    const std::size_t from = begin > task.from ? begin - task.from : 0;
    const std::size_t to = end > task.from ? end - task.from : 0;
    const std::size_t last = to < kPagePositions ? to : kPagePositions;
    if (from >= last) {  // the row sees nothing of this page
      shrink[r] = 1.0F;
      for (float& score : scores[r]) score = 0.0F;
      continue;
    }
    shrink[r] = weigh(scores[r], from, last, args.softcap, running[r]);
    low = from < low ? from : low;
    high = last > high ? last : high;
  }
  if (low < high) add_page<Cached, kRows>(task, scores, shrink, low, high);
}

template <class Cached, int kRows>
static void attend_rows(const AttendArgs& args, std::size_t first) {
  Running running[kRows];
  std::size_t begin = args.begin[first];
  std::size_t end = args.end[first];
  for (std::size_t r = 0; r < kRows; ++r) {
    running[r] = {-HUGE_VALF, 0.0F};
    begin = args.begin[first + r] < begin ? args.begin[first + r] : begin;
    end = args.end[first + r] > end ? args.end[first + r] : end;
    float* out = args.out[first + r];
    for (std::size_t d = 0; d < args.head_dim; ++d) out[d] = 0.0F;
  }
  for (std::size_t page = begin / kPagePositions; page * kPagePositions < end; ++page) {
    attend_page<Cached, kRows>({args, args.pages[page], first, page * kPagePositions}, running);
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    float* out = args.out[first + r];
    for (std::size_t d = 0; d < args.head_dim; ++d) out[d] /= running[r].sum;
  }
}

template <class Cached>
static void attend(const AttendArgs& args) {
  std::size_t row = 0;
  for (; row + kRowsAtOnce <= args.rows; row += kRowsAtOnce) {
    attend_rows<Cached, kRowsAtOnce>(args, row);
  }
  for (; row < args.rows; ++row) attend_rows<Cached, 1>(args, row);
}

void attend_f32(const AttendArgs& args) {
  attend<CachedF32>(args);
}

void attend_f16(const AttendArgs& args) {
  attend<CachedF16>(args);
}

void attend_q8_0(const AttendArgs& args) {
  attend<CachedQ8>(args);
}
