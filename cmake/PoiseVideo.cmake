# FFmpeg's libraries, for video files, cameras and streams: optional. POISE_VIDEO is AUTO (where they are found), ON or OFF;
# within another project it is OFF unless that asks.
if(PROJECT_IS_TOP_LEVEL)
  set(poise_video_default AUTO)
else()
  set(poise_video_default OFF)
endif()
set(POISE_VIDEO ${poise_video_default} CACHE STRING "Build what needs FFmpeg's libraries: AUTO, ON or OFF")
set_property(CACHE POISE_VIDEO PROPERTY STRINGS AUTO ON OFF)
set(POISE_HAS_VIDEO OFF)
if(POISE_VIDEO STREQUAL "OFF" OR POISE_TRAIN_ONLY)
  return()
endif()

set(poise_ffmpeg_modules "libavformat>=59" "libavcodec>=59" "libavutil>=57" "libswscale>=6")
pkg_check_modules(POISE_FFMPEG QUIET IMPORTED_TARGET GLOBAL ${poise_ffmpeg_modules})
if(POISE_FFMPEG_FOUND)
  set(POISE_HAS_VIDEO ON)
  pkg_check_modules(POISE_AVDEVICE QUIET IMPORTED_TARGET GLOBAL "libavdevice>=59") # cameras
elseif(POISE_VIDEO STREQUAL "ON")
  message(FATAL_ERROR "FFmpeg's libraries are not found (5.0 or newer): scripts/setup --video installs Debian's")
endif()
