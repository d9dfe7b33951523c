# frugal_module(<name> [SOURCES ...] [HEADERS ...] [TESTS ...] [DEPS ...] [LINKS ...] [PUBLIC_LINKS ...] [TEST_LINKS ...] [OWN_HEADERS])
#
# One folder, one library.  DEPS name other frugal modules that must already be
# defined: because CMake reads the folders in house order, naming a later module
# is an error at configure time.  LINKS are foreign libraries behind this door;
# PUBLIC_LINKS are those that its headers show.  Each file in TESTS becomes one
# GoogleTest program and one CTest test, <name>.<file>, labelled `unit`.  OWN_HEADERS: the module
# is compiled with other options than the rest, or calls frugal_precompile itself.
function(frugal_module name)
  cmake_parse_arguments(M "OWN_HEADERS" "" "SOURCES;HEADERS;TESTS;TEST_LINKS;DEPS;LINKS;PUBLIC_LINKS" ${ARGN})
  foreach(dep IN LISTS M_DEPS)
    if(NOT TARGET frugal_${dep})
      message(FATAL_ERROR "frugal/${name} may not depend on frugal/${dep}: it comes later in the house order")
    endif()
  endforeach()
  add_library(frugal_${name} STATIC ${M_SOURCES})
  add_library(frugal::${name} ALIAS frugal_${name})
  target_sources(frugal_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${M_HEADERS})
  target_compile_features(frugal_${name} PUBLIC cxx_std_20)
  set_target_properties(frugal_${name} PROPERTIES CXX_EXTENSIONS OFF VERIFY_INTERFACE_HEADER_SETS ${FRUGAL_DEVELOPER})
  if(TARGET frugal_headers AND NOT M_OWN_HEADERS)
    target_precompile_headers(frugal_${name} REUSE_FROM frugal_headers)
  endif()
  list(TRANSFORM M_DEPS PREPEND frugal::)
  target_link_libraries(frugal_${name} PUBLIC ${M_DEPS} ${M_PUBLIC_LINKS} PRIVATE ${M_LINKS})
  if(FRUGAL_DEVELOPER)
    target_compile_options(frugal_${name} PRIVATE ${FRUGAL_WARNINGS})
    foreach(test IN LISTS M_TESTS)
      get_filename_component(stem ${test} NAME_WE)
      frugal_test(${name} ${stem} SOURCES ${test} LINKS frugal::${name} ${M_TEST_LINKS})
    endforeach()
  endif()
endfunction()

set(FRUGAL_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)

# What the standard library and others bring is compiled once for all files that are compiled alike.
# Every file still includes what it uses: Clang, clang-tidy and -DFRUGAL_PRECOMPILE=OFF read it anew.
set(precompile_default OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT CMAKE_CXX_CLANG_TIDY)  # clang-tidy cannot read GCC's
  set(precompile_default ON)
endif()
option(FRUGAL_PRECOMPILE "Compile foreign headers once" ${precompile_default})
set(FRUGAL_COMMON_HEADERS <algorithm> <array> <chrono> <filesystem> <functional> <fstream> <map>
  <memory> <optional> <set> <span> <string> <string_view> <unordered_map> <vector>
  <fmt/format.h> <nlohmann/json.hpp>)
function(frugal_precompile target)
  if(FRUGAL_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

# What is tested is optimised; the tests themselves compile in half the time without.
set(FRUGAL_TEST_OPTIONS -O0 -g1)

# frugal_headers(<target> [OPTIONS ...] [LINKS ...] [HEADERS ...]): a library of nothing but precompiled headers.
# Its files see no definition that those who use it lack: GCC would refuse the headers.
function(frugal_headers target)
  cmake_parse_arguments(H "" "" "OPTIONS;LINKS;HEADERS" ${ARGN})
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/${target}.cpp CONTENT "")
  add_library(${target} OBJECT ${PROJECT_BINARY_DIR}/${target}.cpp)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_compile_options(${target} PRIVATE ${H_OPTIONS})
  target_link_libraries(${target} PRIVATE fmt::fmt nlohmann_json::nlohmann_json Threads::Threads ${H_LINKS})
  frugal_precompile(${target} ${H_HEADERS} ${FRUGAL_COMMON_HEADERS})
endfunction()
if(FRUGAL_PRECOMPILE)
  if(NOT FRUGAL_DEVELOPER)
    frugal_headers(frugal_headers)
  else()
    frugal_headers(frugal_headers OPTIONS ${FRUGAL_WARNINGS})  # -Wpedantic defines fewer macros
    frugal_headers(frugal_test_headers OPTIONS ${FRUGAL_WARNINGS} ${FRUGAL_TEST_OPTIONS} -fPIE
      LINKS GTest::gtest_main HEADERS <gtest/gtest.h>)
  endif()
endif()

# frugal_test(<group> <stem> SOURCES ... [LINKS ...] [LABEL unit]): one GoogleTest program, one
# CTest test named <group>.<stem>.  Where numbers depend on how the compiler optimises it is also
# labelled `optimised`: `./run test` runs those as users get them and sanitized, all others sanitized.
function(frugal_test group stem)
  cmake_parse_arguments(T "" "LABEL" "SOURCES;LINKS" ${ARGN})
  if(NOT T_LABEL)
    set(T_LABEL unit)
  endif()
  set(target ${group}_${stem})
  add_executable(${target} ${T_SOURCES})
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_link_libraries(${target} PRIVATE ${T_LINKS} GTest::gtest_main)
  target_compile_options(${target} PRIVATE ${FRUGAL_WARNINGS} ${FRUGAL_TEST_OPTIONS})
  set(headers frugal_test_headers)
  if(T_LABEL STREQUAL torch)
    set(headers frugal_torch_test_headers)
  endif()
  if(TARGET ${headers})
    target_precompile_headers(${target} REUSE_FROM ${headers})
  endif()
  if(CMAKE_CXX_CLANG_TIDY)
    # The branches inside EXPECT macros cost the path analyzer minutes a file and count as nesting.
    set_target_properties(${target} PROPERTIES
      CXX_CLANG_TIDY "${CMAKE_CXX_CLANG_TIDY};--checks=-clang-analyzer-*,-readability-function-size")
  endif()
  set(labels ${T_LABEL})
  if(T_LABEL MATCHES "^(golden|torch)$" OR group MATCHES "^(tensor|kernels|engine)$")
    list(APPEND labels optimised)
    add_dependencies(optimised_tests ${target})
  endif()
  add_test(NAME ${group}.${stem} COMMAND ${target})
  set_tests_properties(${group}.${stem} PROPERTIES LABELS "${labels}" TIMEOUT 300
    ENVIRONMENT "FRUGAL_SOURCE_DIR=${PROJECT_SOURCE_DIR};OMP_NUM_THREADS=1")
endfunction()
