# What comes from other projects. The training program alone (POISE_TRAIN_ONLY) has but the first part of it, and
# LibTorch; -DCMAKE_PREFIX_PATH names folders into which these were unpacked. No find_package() there: such a machine
# may have half of anything.
find_package(Threads REQUIRED)

find_path(TURBOJPEG_INCLUDE_DIR turbojpeg.h)
find_library(TURBOJPEG_LIBRARY NAMES turbojpeg libturbojpeg.so.0
             PATH_SUFFIXES lib/${CMAKE_HOST_SYSTEM_PROCESSOR}-linux-gnu)
if(NOT TURBOJPEG_INCLUDE_DIR OR NOT TURBOJPEG_LIBRARY)
  message(FATAL_ERROR "libturbojpeg is not found: scripts/setup installs Debian's; for an unpacked one, give "
                      "-DCMAKE_PREFIX_PATH=FOLDER that holds include/turbojpeg.h and lib/libturbojpeg.so (or .a)")
endif()
add_library(poise::turbojpeg UNKNOWN IMPORTED)
set_target_properties(poise::turbojpeg PROPERTIES IMPORTED_LOCATION ${TURBOJPEG_LIBRARY}
                      INTERFACE_INCLUDE_DIRECTORIES ${TURBOJPEG_INCLUDE_DIR})

find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp)
if(NOT CLI11_INCLUDE_DIR)
  message(FATAL_ERROR "CLI11's headers are not found: scripts/setup installs Debian's; for unpacked ones, give "
                      "-DCMAKE_PREFIX_PATH=FOLDER that holds include/CLI/CLI.hpp")
endif()
add_library(CLI11::CLI11 INTERFACE IMPORTED)
set_target_properties(CLI11::CLI11 PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ${CLI11_INCLUDE_DIR})

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
pkg_check_modules(WEBP REQUIRED IMPORTED_TARGET libwebp)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-cpp)
pkg_check_modules(MATIO REQUIRED IMPORTED_TARGET matio)
