# What others link: poise::poise, one library of all folders but training, and beside it poise::mat, which brings libmatio
# and libhdf5, poise::video, which brings FFmpeg's, and poise::flow, which brings OpenCV's. Static, or shared with
# BUILD_SHARED_LIBS. Our own programs and tests link the folders, not these. poise::c, for C, is always shared, holds all
# that it needs of Poise, and shows the functions of src/poise/capi/symbols.txt alone.
include(GNUInstallDirs)

# poise_library(poise FOLDERS base ... LINK PUBLIC ... PRIVATE ...): of the folders' objects.
function(poise_library name)
  cmake_parse_arguments(ARG "" "" "FOLDERS;LINK" ${ARGN})
  set(objects)
  foreach(folder ${ARG_FOLDERS})
    list(APPEND objects $<TARGET_OBJECTS:poise_${folder}>)
    poise_shareable(poise_${folder})
  endforeach()
  add_library(${name} ${objects})
  string(REGEX REPLACE "^poise_" "" short ${name})
  add_library(poise::${short} ALIAS ${name})
  target_compile_features(${name} PUBLIC cxx_std_20)
  target_include_directories(${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>
                                            $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${name} ${ARG_LINK})
  # Before 1.0 a minor version may change anything.
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX EXPORT_NAME ${short} VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endfunction()

if(POISE_HAS_HEIF)
  set(heif PkgConfig::POISE_LIBHEIF)
endif()
poise_library(poise FOLDERS ${folders} onnx_proto
  LINK PUBLIC Threads::Threads
       PRIVATE DNNL::dnnl OpenMP::OpenMP_CXX protobuf::libprotobuf-lite simdjson::simdjson poise::turbojpeg PNG::PNG
               ZLIB::ZLIB PkgConfig::POISE_WEBP PkgConfig::POISE_YAML ${heif})
set(extras) # libraries beside it
if(POISE_MAT)
  list(APPEND extras mat)
  poise_library(poise_mat FOLDERS formats_mat LINK PUBLIC poise PRIVATE PkgConfig::POISE_MATIO)
endif()
if(POISE_HAS_VIDEO)
  list(APPEND extras video)
  poise_library(poise_video FOLDERS media_ffmpeg LINK PUBLIC poise PRIVATE PkgConfig::POISE_FFMPEG)
endif()
if(POISE_HAS_OPENCV)
  list(APPEND extras flow)
  poise_library(poise_flow FOLDERS track_opencv LINK PUBLIC poise PRIVATE poise::opencv_video)
endif()

if(POISE_HAS_HTTP)
  list(APPEND extras http)
  poise_library(poise_http FOLDERS serve_http serve_lambda gesture_websocket LINK PUBLIC poise PRIVATE OpenSSL::SSL prometheus-cpp::core)
endif()

if(POISE_C)
  set(symbols ${PROJECT_SOURCE_DIR}/src/poise/capi/symbols.txt)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${symbols})
  file(STRINGS ${symbols} names)
  list(JOIN names "; " names)
  set(version_script ${PROJECT_BINARY_DIR}/poise_c.map)
  file(CONFIGURE OUTPUT ${version_script} CONTENT "POISE_C_1 { global: @names@; local: *; };\n" @ONLY)
  add_library(poise_c SHARED $<TARGET_OBJECTS:poise_capi>)
  add_library(poise::c ALIAS poise_c)
  target_link_libraries(poise_c PRIVATE poise_capi)
  target_link_options(poise_c PRIVATE -Wl,--version-script=${version_script})
  target_include_directories(poise_c INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>
                                               $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  # The number is POISE_ABI_VERSION.
  set_target_properties(poise_c PROPERTIES LINKER_LANGUAGE CXX EXPORT_NAME c VERSION 1.${PROJECT_VERSION} SOVERSION 1
    LINK_DEPENDS ${version_script})
endif()

# The same for our own programs.
list(TRANSFORM folders PREPEND poise:: OUTPUT_VARIABLE all)
add_library(poise_all INTERFACE)
add_library(poise::all ALIAS poise_all)
target_link_libraries(poise_all INTERFACE ${all})

if(NOT POISE_INSTALL)
  return()
endif()
include(CMakePackageConfigHelpers)
set(config ${CMAKE_INSTALL_LIBDIR}/cmake/poise)
set(library COMPONENT poise_library)
# poise_install(poise poiseTargets): the library, and what find_package reads of it.
function(poise_install target export)
  install(TARGETS ${target} EXPORT ${export}
    ARCHIVE ${library} LIBRARY ${library} NAMELINK_COMPONENT poise_library RUNTIME ${library})
  install(EXPORT ${export} NAMESPACE poise:: DESTINATION ${config} ${library})
endfunction()
poise_install(poise poiseTargets)
foreach(extra ${extras})
  poise_install(poise_${extra} poise_${extra}_targets)
endforeach()
# Headers of one source file's neighbours, of tests and of what wraps another library stay at home.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/src/poise DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} ${library}
  FILES_MATCHING PATTERN "*.h"
  PATTERN "backends/onednn" EXCLUDE
  REGEX "media/ffmpeg/(av|camera|decoder|encoder|file_io|frame_converter|open_input|seek|sound)\\.h$" EXCLUDE
  REGEX "serve/http/(core|http_session|server_metrics|websocket_session)\\.h$" EXCLUDE
  PATTERN "weights/onnx" EXCLUDE
  PATTERN "weights/torch" EXCLUDE
  PATTERN "weights/darknet" EXCLUDE
  PATTERN "src/poise/train" EXCLUDE
  PATTERN "src/poise/graph_torch" EXCLUDE
  PATTERN "capi/handles.h" EXCLUDE
  PATTERN "test_*.h" EXCLUDE)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/poiseConfig.cmake.in ${PROJECT_BINARY_DIR}/poiseConfig.cmake
  INSTALL_DESTINATION ${config})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/poiseConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/poiseConfig.cmake ${PROJECT_BINARY_DIR}/poiseConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/PoiseTurbojpeg.cmake ${PROJECT_SOURCE_DIR}/cmake/PoiseOpencv.cmake
  DESTINATION ${config} ${library})

# pkg-config has no way to know which of the two is there: a static library's needs are everybody's.
if(BUILD_SHARED_LIBS)
  set(pc_requires)
  set(pc_libs)
else()
  set(pc_requires "libturbojpeg libpng zlib libwebp yaml-cpp protobuf-lite simdjson")
  if(POISE_HAS_HEIF)
    string(APPEND pc_requires " libheif")
  endif()
  set(pc_libs "-ldnnl ${OpenMP_CXX_FLAGS} -pthread")
endif()
file(RELATIVE_PATH pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
configure_file(${PROJECT_SOURCE_DIR}/cmake/poise.pc.in ${PROJECT_BINARY_DIR}/poise.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/poise.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig ${library})
if(POISE_C) # a package of its own, since C has no use for what the other's asks for
  install(TARGETS poise_c EXPORT poise_c ARCHIVE ${library} LIBRARY ${library} NAMELINK_COMPONENT poise_library RUNTIME ${library})
  install(EXPORT poise_c NAMESPACE poise:: FILE poise_cConfig.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/poise_c ${library})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/poise_cConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/poise_cConfigVersion.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/poise_c ${library})
  configure_file(${PROJECT_SOURCE_DIR}/cmake/poise_c.pc.in ${PROJECT_BINARY_DIR}/poise_c.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/poise_c.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig ${library})
endif()
