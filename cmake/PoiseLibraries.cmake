# What comes from other projects. The training program alone (POISE_TRAIN_ONLY) has but the first part of it, and
# LibTorch; -DCMAKE_PREFIX_PATH names folders into which these were unpacked. No find_package() there: such a machine
# may have half of anything.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON) # who adds this folder to a project of their own links them from there
find_package(Threads REQUIRED)

include(PoiseTurbojpeg)

if(POISE_PROGRAMS OR POISE_PYTHON)
  find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp)
  if(NOT CLI11_INCLUDE_DIR)
    message(FATAL_ERROR "CLI11's headers are not found: scripts/setup installs Debian's; for unpacked ones, give "
                        "-DCMAKE_PREFIX_PATH=FOLDER that holds include/CLI/CLI.hpp")
  endif()
  add_library(CLI11::CLI11 INTERFACE IMPORTED)
  set_target_properties(CLI11::CLI11 PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ${CLI11_INCLUDE_DIR})
endif()

if(POISE_TRAIN_ONLY)
  return()
endif()

find_package(PkgConfig REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(dnnl REQUIRED)
find_package(Protobuf REQUIRED)
find_package(simdjson REQUIRED)
find_package(PNG REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(POISE_WEBP REQUIRED IMPORTED_TARGET GLOBAL libwebp)
pkg_check_modules(POISE_YAML REQUIRED IMPORTED_TARGET GLOBAL yaml-cpp)
if(POISE_MAT)
  pkg_check_modules(POISE_MATIO REQUIRED IMPORTED_TARGET GLOBAL matio)
endif()
