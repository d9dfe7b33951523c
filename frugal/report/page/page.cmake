# frugal_page_sources(<variable>): the sources that carry the page's style and charts.
#
# With node and the packages of package.json (`npm ci`), page.js and the chart library are bundled
# into the build tree and charts_bundled.cpp is compiled; without them charts_absent.cpp.
find_program(FRUGAL_NODE NAMES node nodejs DOC "Node.js, to bundle the charts of the report")

function(frugal_embed input output source)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${input} -DOUTPUT=${output}
            -P ${CMAKE_CURRENT_SOURCE_DIR}/page/embed.cmake
    DEPENDS ${input} ${CMAKE_CURRENT_SOURCE_DIR}/page/embed.cmake VERBATIM)
  set_source_files_properties(${source} PROPERTIES
    OBJECT_DEPENDS ${output} INCLUDE_DIRECTORIES ${CMAKE_CURRENT_BINARY_DIR})
endfunction()

function(frugal_page_sources variable)
  set(page ${CMAKE_CURRENT_SOURCE_DIR}/page)
  set(packages ${PROJECT_SOURCE_DIR}/node_modules)
  frugal_embed(${page}/page.css ${CMAKE_CURRENT_BINARY_DIR}/page_css.inc page_style.cpp)
  # Configure again when the packages come or go.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/package.json)
  if(FRUGAL_NODE AND EXISTS ${packages}/echarts/package.json
     AND EXISTS ${packages}/esbuild/package.json)
    set(bundle ${CMAKE_CURRENT_BINARY_DIR}/page.bundle.js)
    file(GLOB scripts CONFIGURE_DEPENDS ${page}/*.js)
    add_custom_command(OUTPUT ${bundle} COMMAND ${FRUGAL_NODE} ${page}/bundle.mjs ${bundle}
      DEPENDS ${scripts} ${page}/bundle.mjs ${packages}/echarts/package.json VERBATIM)
    frugal_embed(${bundle} ${CMAKE_CURRENT_BINARY_DIR}/page_js.inc charts_bundled.cpp)
    set(${variable} page_style.cpp charts_bundled.cpp PARENT_SCOPE)
  else()
    message(STATUS "report: no chart library (run `npm ci`); pages will hold tables only")
    set(${variable} page_style.cpp charts_absent.cpp PARENT_SCOPE)
  endif()
endfunction()
