# One CMake target a folder, one ctest a test file.

# How our own files are compiled; no user of the library gets any of it.
add_library(poise_options INTERFACE)
target_include_directories(poise_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(poise_options INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion)
  if(NOT POISE_TRAIN_ONLY) # that is for machines whose compiler nobody here knows
    target_compile_options(poise_options INTERFACE -Werror)
  endif()
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(poise_options INTERFACE -Wno-restrict) # false alarms on std::string in gcc 12 (bug 105651)
endif()
if(POISE_SANITIZE)
  target_compile_options(poise_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined
                                                 -fno-omit-frame-pointer)
  target_link_options(poise_options INTERFACE -fsanitize=address,undefined)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(poise_options INTERFACE -Wno-maybe-uninitialized) # gcc: more false alarms with sanitizers
  endif()
endif()
if(POISE_FUZZ)
  target_compile_options(poise_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Test files are compiled as fast as can be: what they test is optimised, they need not be.
add_library(poise_test_options INTERFACE)
target_compile_options(poise_test_options INTERFACE $<$<OR:$<CONFIG:Release>,$<BOOL:${POISE_SANITIZE}>>:-O0>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(poise_test_options INTERFACE -fpch-preprocess) # ccache wants it
endif()

# May become part of a shared library, and runs as fast as if it could not.
function(poise_shareable target)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fno-semantic-interposition)
  endif()
endfunction()

# poise_module(image SOURCES decode.cc ... LINK poise::base ... PRIVATE PNG::PNG ...)
function(poise_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE" ${ARGN})
  add_library(poise_${name} STATIC ${ARG_SOURCES})
  add_library(poise::${name} ALIAS poise_${name})
  target_link_libraries(poise_${name} PRIVATE poise_options)
  target_link_libraries(poise_${name} PUBLIC ${ARG_LINK} PRIVATE ${ARG_PRIVATE})
  target_include_directories(poise_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
endfunction()

# What every test file includes, compiled once. Tests that compile with LibTorch's flags do without.
if(POISE_TESTS)
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/poise_test_pch.cc CONTENT "") # as it is, where it is there
  add_library(poise_test_pch OBJECT ${CMAKE_CURRENT_BINARY_DIR}/poise_test_pch.cc)
  target_link_libraries(poise_test_pch PRIVATE poise_options poise_test_options GTest::gtest)
  target_precompile_headers(poise_test_pch PRIVATE
    <gtest/gtest.h> <algorithm> <array> <cmath> <cstdint> <filesystem> <fstream> <functional> <map> <memory> <optional>
    <random> <span> <sstream> <string> <string_view> <utility> <variant> <vector>)
endif()

# poise_test(image decode_test.cc [more.cc] [LINK ...]) -> ctest "image/decode"
function(poise_test folder file)
  if(NOT POISE_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  string(REGEX REPLACE "_test\\.cc$" "" stem ${file})
  get_filename_component(stem ${stem} NAME)
  string(REPLACE "/" "_" flat ${folder})
  set(target ${flat}_${stem}_test)
  add_executable(${target} ${file} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${target} PRIVATE poise_options poise_test_options ${ARG_LINK} GTest::gtest_main)
  if(NOT folder MATCHES "train|graph_torch")
    target_precompile_headers(${target} REUSE_FROM poise_test_pch)
  endif()
  if(TARGET poise_${folder})
    target_link_libraries(${target} PRIVATE poise::${folder})
  endif()
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests) # kit
  target_compile_definitions(${target} PRIVATE POISE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  add_test(NAME ${folder}/${stem} COMMAND ${target} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${folder}/${stem} PROPERTIES SKIP_REGULAR_EXPRESSION "ALL TESTS SKIPPED")
endfunction()
