# What comes from other projects. The training program alone (POISE_TRAIN_ONLY) has but the first part of it, and
# LibTorch; -DCMAKE_PREFIX_PATH names folders into which these were unpacked. No find_package() there: such a machine
# may have half of anything.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON) # who adds this folder to a project of their own links them from there
find_package(Threads REQUIRED)

include(PoiseTurbojpeg)

if(POISE_PROGRAMS)
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

# Optical flow by OpenCV, optional: AUTO (where it is found), ON or OFF; within another project it is OFF unless that asks.
if(PROJECT_IS_TOP_LEVEL)
  set(poise_flow_default AUTO)
else()
  set(poise_flow_default OFF)
endif()
set(POISE_FLOW ${poise_flow_default} CACHE STRING "Build poise::flow, dense optical flow by OpenCV: AUTO, ON or OFF")
set_property(CACHE POISE_FLOW PROPERTY STRINGS AUTO ON OFF)
set(POISE_HAS_OPENCV OFF)
if(NOT POISE_FLOW STREQUAL "OFF")
  # Its own CMake package, and its pkg-config file, come with the whole of OpenCV: two of its modules are enough.
  find_path(OPENCV_VIDEO_INCLUDE_DIR opencv2/video/tracking.hpp PATH_SUFFIXES opencv4)
  find_library(OPENCV_VIDEO_LIBRARY opencv_video)
  find_library(OPENCV_CORE_LIBRARY opencv_core)
  if(OPENCV_VIDEO_INCLUDE_DIR AND OPENCV_VIDEO_LIBRARY AND OPENCV_CORE_LIBRARY)
    set(POISE_HAS_OPENCV ON)
    add_library(poise::opencv_video INTERFACE IMPORTED GLOBAL)
    set_target_properties(poise::opencv_video PROPERTIES
      INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${OPENCV_VIDEO_INCLUDE_DIR}
      INTERFACE_INCLUDE_DIRECTORIES ${OPENCV_VIDEO_INCLUDE_DIR}
      INTERFACE_LINK_LIBRARIES "${OPENCV_VIDEO_LIBRARY};${OPENCV_CORE_LIBRARY}")
  elseif(POISE_FLOW STREQUAL "ON")
    message(FATAL_ERROR "OpenCV's video module is not found: scripts/setup --video installs Debian's")
  endif()
endif()
