# poise::turbojpeg. Without pkg-config, which bare machines lack; a library without its development package will do.
find_path(TURBOJPEG_INCLUDE_DIR turbojpeg.h)
find_library(TURBOJPEG_LIBRARY NAMES turbojpeg libturbojpeg.so.0
             PATH_SUFFIXES lib/${CMAKE_HOST_SYSTEM_PROCESSOR}-linux-gnu)
if(NOT TURBOJPEG_INCLUDE_DIR OR NOT TURBOJPEG_LIBRARY)
  message(FATAL_ERROR "libturbojpeg is not found: scripts/setup of Poise installs Debian's (libturbojpeg0-dev); for an "
    "unpacked one, give -DCMAKE_PREFIX_PATH=FOLDER that holds include/turbojpeg.h and lib/libturbojpeg.so (or .a)")
endif()
if(NOT TARGET poise::turbojpeg)
  add_library(poise::turbojpeg UNKNOWN IMPORTED GLOBAL)
  set_target_properties(poise::turbojpeg PROPERTIES IMPORTED_LOCATION ${TURBOJPEG_LIBRARY}
                        INTERFACE_INCLUDE_DIRECTORIES ${TURBOJPEG_INCLUDE_DIR})
endif()
