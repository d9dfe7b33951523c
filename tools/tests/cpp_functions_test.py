"""The brace matcher: which functions it finds, how long, with how many parameters."""
import unittest

import planted_tree  # noqa: F401  makes the tools importable

import cpp_functions


def found(text):
    return [(f.name, f.line, f.lines, f.parameters) for f in cpp_functions.functions(text)]


class Functions(unittest.TestCase):
    def check(self, text, *expected):
        self.assertEqual(found(text), list(expected))

    def test_a_function_counts_from_its_first_line_to_its_closing_brace(self):
        self.check("int x;\n\nint f(int a,\n      int b) {\n  return a;\n}\n", ("f", 3, 4, 2))

    def test_functions_inside_namespaces_and_classes_are_found(self):
        self.check("namespace a::b {\nnamespace {\nclass C : public D<int> {\n public:\n"
                   "  int f() const {\n    return 1;\n  }\n};\n}\n}\n", ("f", 5, 3, 0))

    def test_a_constructor_with_an_initialiser_list_is_one_function(self):
        self.check("A::A(int x, std::span<int> y)\n    : a_{x}, b_(y), c_{1, 2} {\n  go();\n}\n",
                   ("A", 1, 4, 2))

    def test_braces_and_quotes_in_strings_and_comments_are_no_code(self):
        self.check('void f() {  // }\n  g("}{", \'}\', R"x(}")x", 1\'000);\n  /* } */\n}\n',
                   ("f", 1, 4, 0))

    def test_blocks_and_lambdas_belong_to_the_function_around_them(self):
        self.check("void f() {\n  auto g = [](int a, int b) {\n    if (a) {\n    }\n  };\n}\n",
                   ("f", 1, 6, 0))

    def test_a_table_is_no_function(self):
        self.check("constexpr Table kTable = {\n" + "  {1, f(2)},\n" * 80 + "};\nint g() { return 1; }\n",
                   ("g", 83, 1, 0))
        self.check("const std::array<int, 2> kPair{1, 2};\nenum class E : int { kA, kB };\n")

    def test_commas_inside_templates_and_calls_are_no_parameters(self):
        self.check("void f(std::map<int, A<B, C>> m, std::function<void(int, int)> g = {1, 2},\n"
                   "       int x = h(1, 2)) {}\n", ("f", 1, 2, 3))
        self.check("template <class T, class U>\nauto f(T a, U b) -> std::pair<T, U> {\n}\n",
                   ("f", 1, 3, 2))

    def test_operators_and_attributes_do_not_mislead(self):
        self.check("[[nodiscard]] constexpr bool operator<(A a, B b) { return a < b; }\n",
                   ("operator_", 1, 1, 2))
        self.check("int operator()(int a) const noexcept(noexcept(g(1, 2))) { return a; }\n",
                   ("operator_", 1, 1, 1))
        self.check("struct alignas(64) A {\n  void f(void);\n};\n", ("f", 2, 0, 0))

    def test_declarations_count_and_calls_of_macros_do_not(self):
        self.check("void f(int a, int b);\nBENCHMARK(f);\nstatic_assert(g(1, 2), \"x\");\n"
                   "using F = void(int, int);\nclass A;\nint x = f(1, 2);\n", ("f", 1, 0, 2))

    def test_extern_c_blocks_are_entered_and_extern_c_functions_are_functions(self):
        self.check('extern "C" {\nint f(int a) {\n}\n}\n', ("f", 2, 2, 1))
        self.check('extern "C" int f(int a) {\n  for (;;) {\n  }\n}\n', ("f", 1, 4, 1))

    def test_preprocessor_lines_and_house_macros_are_passed_over(self):
        self.check("#define FRUGAL_X(a) \\\n  { a\nFRUGAL_TARGET_BEGIN(\"avx2\")\nnamespace a {\n"
                   "int f() {\n}\n}\nFRUGAL_TARGET_END\nint g() {\n}\n", ("f", 5, 2, 0), ("g", 9, 2, 0))

    def test_a_main_with_a_try_block_is_found(self):
        self.check("int main(int argc, char** argv) try {\n  go();\n} catch (const E& e) {\n}\n",
                   ("main", 1, 3, 2))


if __name__ == "__main__":
    unittest.main()
