# poise_optional(NAME "help"): the cache variable POISE_NAME, AUTO (where it is found), ON or OFF; within another project it
# is OFF unless that asks. Parts that bring other projects' libraries.
function(poise_optional name help)
  if(PROJECT_IS_TOP_LEVEL)
    set(default AUTO)
  else()
    set(default OFF)
  endif()
  set(POISE_${name} ${default} CACHE STRING "${help}: AUTO, ON or OFF")
  set_property(CACHE POISE_${name} PROPERTY STRINGS AUTO ON OFF)
endfunction()
