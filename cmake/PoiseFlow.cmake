# OpenCV's flow.
poise_optional(FLOW "Build poise::flow, dense optical flow by OpenCV")
set(POISE_HAS_OPENCV OFF)
if(POISE_FLOW STREQUAL "OFF" OR POISE_TRAIN_ONLY)
  return()
endif()

include(PoiseOpencv)
if(TARGET poise::opencv_video)
  set(POISE_HAS_OPENCV ON)
elseif(POISE_FLOW STREQUAL "ON")
  message(FATAL_ERROR "OpenCV's video module is not found: scripts/setup --video installs Debian's")
endif()
