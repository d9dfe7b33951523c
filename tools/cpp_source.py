"""What the checks share: the C++ files of the tree, their includes, their text without comments and
strings, and what the modules' CMake files declare."""
import re

SUFFIXES = {".h", ".cpp", ".cu"}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)

# One pass over the text, first match wins: a quote inside a comment opens no string, and the other
# way round.  A single quote after a letter or digit is a digit separator (1'000) or a prefix (u8'a').
TOKENS = re.compile(r"""
    (?P<comment> //(?:[^\n\\]|\\.|\\\n)* | /\*.*?\*/ )
  | (?P<raw> \bu?8?L?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)" )
  | (?P<string> "(?:[^"\\\n]|\\.)*" )
  | (?P<number> \b\d(?:[\w.]|'(?=\w))* )
  | (?P<char> '(?:[^'\\\n]|\\.)+' )
""", re.X | re.S)


def cpp_files(root, *folders):
    """The C++ files below the named folders of root, sorted."""
    found = []
    for folder in folders:
        found += [path for path in root.glob(f"{folder}/**/*") if path.suffix in SUFFIXES]
    return sorted(found)


def is_test(path):
    """Whether a file is a test, a benchmark beside what it measures, or only serves tests."""
    return path.stem.endswith(("_test", "_bench")) or is_test_support(path)


def is_test_support(path):
    return path.stem.endswith("_for_test") or path.stem.startswith("test_")


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def _blank_token(match):
    kind = match.lastgroup
    text = match[0]
    if kind == "number":
        return text
    if kind == "comment":
        return _blank(text)
    # Strings keep their quotes, so that a call still shows that it has an argument.
    return '"' + _blank(text[1:-1]) + '"'


def blank_comments_and_strings(text):
    """The text with comments and the insides of strings made blank; length and lines stay."""
    return re.sub(TOKENS, _blank_token, text)


def blank_comments(text):
    """The text with only the comments made blank."""
    return re.sub(TOKENS, lambda m: _blank(m[0]) if m.lastgroup == "comment" else m[0], text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def includes(text):
    """(line, header) of each include that is not commented out."""
    for match in INCLUDE.finditer(blank_comments(text)):
        yield line_of(text, match.start(1)), match[1]


# --- CMake --------------------------------------------------------------------------------------

FIELDS = ("SOURCES", "HEADERS", "TESTS", "DEPS", "LINKS", "PUBLIC_LINKS", "TEST_LINKS",
          "OWN_HEADERS")


def _commands(text, name):
    """The argument words of each call of a CMake command; comments are dropped."""
    bare = re.sub(r"#[^\n]*", "", text)
    return [call.split() for call in re.findall(rf"\b{name}\s*\(([^()]*)\)", bare)]


def _variables(text):
    values = {}
    for words in _commands(text, "set"):
        values[words[0]] = words[1:]
    for words in _commands(text, "list"):
        if words[0] == "APPEND":
            values.setdefault(words[1], []).extend(words[2:])
    return values


def read_module(text):
    """The frugal_module call of a CMake file as {"NAME": name, field: words}; None without one."""
    calls = _commands(text, "frugal_module")
    if not calls:
        return None
    variables = _variables(text)
    module = {"NAME": calls[0][0], **{field: [] for field in FIELDS}}
    field = None
    for word in calls[0][1:]:
        if word in FIELDS:
            field = word
        elif field:
            variable = re.fullmatch(r"\$\{(\w+)\}", word)
            module[field] += variables.get(variable[1], []) if variable else [word]
    return module


def read_modules(root):
    """Folder name -> its frugal_module call."""
    modules = {}
    for cmake in sorted(root.glob("frugal/*/CMakeLists.txt")):
        module = read_module(cmake.read_text())
        if module:
            modules[cmake.parent.name] = module
    return modules


def public_headers(modules):
    """Every header that some module's HEADERS names, as frugal/<module>/<header>."""
    return {f"frugal/{name}/{header}" for name, module in modules.items()
            for header in module["HEADERS"]}


def house_order(root):
    """The module names of the root CMake file, in their order."""
    for words in _commands((root / "CMakeLists.txt").read_text(), "set"):
        if words[0] == "FRUGAL_MODULES":
            return words[1:words.index("CACHE")] if "CACHE" in words else words[1:]
    return []
