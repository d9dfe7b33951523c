// Private to this folder, and no header of its own: included by each instruction set's panel
// product inside its target region and namespace, after its `multiply_panel`.  Instantiates it for
// every kind of block; a kind that several types share stands here once.

template void multiply_panel<block_format(DType::kQ4_0)>(const PanelArgs& args);
template void multiply_panel<block_format(DType::kQ5_0)>(const PanelArgs& args);
template void multiply_panel<block_format(DType::kQ4_1)>(const PanelArgs& args);
template void multiply_panel<block_format(DType::kQ5_1)>(const PanelArgs& args);
template void multiply_panel<block_format(DType::kQ2_K)>(const PanelArgs& args);
template void multiply_panel<block_format(DType::kQ3_K)>(const PanelArgs& args);
template void multiply_panel<block_format(DType::kQ6_K)>(const PanelArgs& args);
template void multiply_panel<block_format(DType::kQ8_0)>(const PanelArgs& args);
