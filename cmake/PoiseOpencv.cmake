# poise::opencv_video, where it is found. OpenCV's own CMake package, and its pkg-config file, come with the whole of it:
# two of its modules are enough.
find_path(OPENCV_VIDEO_INCLUDE_DIR opencv2/video/tracking.hpp PATH_SUFFIXES opencv4)
find_library(OPENCV_VIDEO_LIBRARY opencv_video)
find_library(OPENCV_CORE_LIBRARY opencv_core)
if(OPENCV_VIDEO_INCLUDE_DIR AND OPENCV_VIDEO_LIBRARY AND OPENCV_CORE_LIBRARY AND NOT TARGET poise::opencv_video)
  add_library(poise::opencv_video INTERFACE IMPORTED GLOBAL)
  set_target_properties(poise::opencv_video PROPERTIES
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${OPENCV_VIDEO_INCLUDE_DIR}
    INTERFACE_INCLUDE_DIRECTORIES ${OPENCV_VIDEO_INCLUDE_DIR}
    INTERFACE_LINK_LIBRARIES "${OPENCV_VIDEO_LIBRARY};${OPENCV_CORE_LIBRARY}")
endif()
