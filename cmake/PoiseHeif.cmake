# libheif, for HEIC (phones) and AVIF.
poise_optional(HEIF "Read HEIC and AVIF by libheif")
set(POISE_HAS_HEIF OFF)
if(POISE_HEIF STREQUAL "OFF" OR POISE_TRAIN_ONLY)
  return()
endif()

pkg_check_modules(POISE_LIBHEIF QUIET IMPORTED_TARGET GLOBAL "libheif>=1.12")
if(POISE_LIBHEIF_FOUND)
  set(POISE_HAS_HEIF ON)
elseif(POISE_HEIF STREQUAL "ON")
  message(FATAL_ERROR "libheif is not found (1.12 or newer): scripts/setup --heic installs Debian's")
endif()
