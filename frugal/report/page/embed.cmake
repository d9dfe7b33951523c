# cmake -DINPUT=page.css -DOUTPUT=page_css.inc -P embed.cmake
#
# Writes a text file as C++ raw string literals of type string_view, separated by commas.
# Compilers take literals quickly, where an array of numbers of the same size takes seconds, and
# the suffix gives each its length, which counted in a constant would exhaust Clang's limit.  They
# need only promise 65,536 characters each, hence the pieces.  The input must be ASCII: a piece may
# end anywhere.
set(piece_bytes 16000)
file(READ "${INPUT}" text)
string(FIND "${text}" ")frugal\"" clash)
if(NOT clash EQUAL -1)
  message(FATAL_ERROR "${INPUT}: holds the end mark of the raw string at byte ${clash}")
endif()
string(LENGTH "${text}" length)
set(out "")
set(begin 0)
while(begin LESS length)
  string(SUBSTRING "${text}" ${begin} ${piece_bytes} piece)
  string(APPEND out "R\"frugal(${piece})frugal\"sv,\n")
  math(EXPR begin "${begin} + ${piece_bytes}")
endwhile()
file(WRITE "${OUTPUT}" "${out}")
