"""Finds the functions of clang-formatted C++ and counts their lines and parameters.

The idea: walk the braces of the text without comments, strings and preprocessor lines.  What stands
between the last `;`, `{` or `}` and an opening brace is that brace's head.  In a file, namespace or
class a head is one of four things: a namespace, a type, a function (it has a parameter list), or an
initialiser (it has an `=`, or the brace touches the word before it: `a_{1}`).  The first two are
walked into; the others are skipped to their closing brace, since what lies inside a function is
measured with it.  A head that ends in `;` is a declaration and counts its parameters only.

It relies on the layout that the format check enforces, not on a full grammar: macros that hide
braces would mislead it, and the house has none."""
import re
from dataclasses import dataclass

import cpp_source

CONTAINER = re.compile(r'^(inline\s+)?namespace\b|^extern\s+"\s*"$')
TYPE = re.compile(r"^(class|struct|union|enum)\b")
# Words that a parenthesis may follow without being a parameter list.
NOT_A_NAME = {"noexcept", "alignas", "decltype", "requires", "explicit", "static_assert", "sizeof",
              "defined", "__attribute__", "if", "for", "while", "switch", "catch", "return", "_Pragma"}
NOT_A_DECLARATION = re.compile(r"^(using|typedef|static_assert|friend\s+class|extern\s+template)\b")


@dataclass
class Function:
    """A function definition, or with no lines a declaration."""
    name: str
    line: int
    lines: int
    parameters: int


def _matching(text, start, opening, closing):
    depth = 0
    for position in range(start, len(text)):
        if text[position] == opening:
            depth += 1
        elif text[position] == closing:
            depth -= 1
            if depth == 0:
                return position
    return len(text) - 1


def _strip_angles(head):
    """The head without `template <...>`, template arguments and attributes; innermost first."""
    head = re.sub(r"\[\[[^\]]*\]\]", " ", head)
    head = re.sub(r"->|<=>|<<=?|>>=(?=\s*\()|[<>]=", "  ", head)
    head = re.sub(r"operator\s*(\(\s*\)|[^\s\w(]+)", "operator_", head)
    before = None
    while before != head:
        before = head
        # Parentheses inside angles (std::function<void(int)>) go with them.
        head = re.sub(r"<[^<>;{}]*>", lambda match: "~" * len(match[0]), head)
    return head


def _parameter_list(head):
    """(name, text between the parentheses) of the first parameter list of a head, or None."""
    position = 0
    while True:
        opening = head.find("(", position)
        if opening < 0:
            return None
        closing = _matching(head, opening, "(", ")")
        word = re.search(r"([\w~]+)\s*$", head[:opening])
        if word and word[1] not in NOT_A_NAME:
            return word[1].strip("~"), head[opening + 1:closing]
        position = closing + 1


def _count_parameters(inside):
    if inside.strip() in ("", "void"):
        return 0
    depth, count = 0, 1
    for character in inside:
        depth += character in "([{"
        depth -= character in ")]}"
        count += character == "," and depth == 0
    return count


def _has_top_level_equals(head):
    """Whether an `=` stands before any parameter list: then the brace initialises a variable."""
    first = head.find("(")
    return "=" in (head if first < 0 else head[:first])


def _without_preprocessor(text):
    """Preprocessor lines made blank, with their continuation lines."""
    return re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: re.sub(r"[^\n]", " ", m[0]), text,
                  flags=re.M)


# What may stand before a head without a `;`: an access label, a macro of the house on its own line.
PREFIX = re.compile(r"(\s*(?:(?:public|private|protected)\s*:(?!:)|FRUGAL_\w+(?:\([^()]*\))?[ \t]*\n))+")


def _clean_head(text, start, end):
    """The head in text[start:end] and where it really begins."""
    prefix = PREFIX.match(text, start, end)
    if prefix:
        start = prefix.end()
    head = text[start:end]
    return head.strip(), start + len(head) - len(head.lstrip())


def _function(text, head, begin, end, body):
    """The Function of a head, or None when it has no parameter list."""
    found = _parameter_list(_strip_angles(head))
    if not found:
        return None
    first = cpp_source.line_of(text, begin)
    lines = cpp_source.line_of(text, end) - first + 1 if body else 0
    return Function(found[0], first, lines, _count_parameters(found[1]))


def functions(source):
    """All functions defined, and those only declared, in a C++ text."""
    text = _without_preprocessor(cpp_source.blank_comments_and_strings(source))
    found, start, position = [], 0, 0
    while position < len(text):
        character = text[position]
        if character == "(":
            position = _matching(text, position, "(", ")")
        elif character == ";":
            found += _declaration(text, start, position)
            start = position + 1
        elif character == "}":
            start = position + 1
        elif character == "{":
            position, start = _open(text, start, position, found)
        position += 1
    return found


def _declaration(text, start, end):
    head, begin = _clean_head(text, start, end)
    if NOT_A_DECLARATION.match(head) or _has_top_level_equals(_strip_angles(head)):
        return []
    function = _function(text, head, begin, end, body=False)
    # A lone call such as MACRO(x); at file scope declares nothing: a declaration has two words.
    return [function] if function and re.match(r"[^(]*[\w>&*\]]\s+[&*~\w:]+\s*\(", head) else []


def _open(text, start, brace, found):
    """Handles an opening brace: returns where to go on, and where the next head starts."""
    head, begin = _clean_head(text, start, brace)
    bare = re.sub(r"^(template\s*~+\s*)+", "", _strip_angles(head)).strip()
    if CONTAINER.match(head) or (TYPE.match(bare) and not _parameter_list(bare)):
        return brace, brace + 1
    end = _matching(text, brace, "{", "}")
    touches = brace > 0 and re.match(r"[\w>\])]", text[brace - 1])
    if touches or _has_top_level_equals(bare):
        return end, start  # an initialiser: the head goes on behind it
    function = _function(text, head, begin, end, body=True)
    if function:
        found.append(function)
    return end, end + 1
