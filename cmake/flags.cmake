# Compiler and linker flags every target gets: warnings as errors, the hardening set of a distribution, sanitizers.
add_library(eventloop_flags INTERFACE)

target_compile_options(eventloop_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wundef
  -Wframe-larger-than=8192 -Werror
  -fstack-protector-strong -fstack-clash-protection -fcf-protection=branch -fPIE -fno-strict-aliasing
  -fno-omit-frame-pointer -fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=)
target_link_options(eventloop_flags INTERFACE -pie -Wl,-z,relro -Wl,-z,now -Wl,--as-needed)
target_compile_definitions(eventloop_flags INTERFACE _GNU_SOURCE)

if(EVENTLOOP_SANITIZE)
  target_compile_options(eventloop_flags INTERFACE -fsanitize=${EVENTLOOP_SANITIZE} -O1)
  target_link_options(eventloop_flags INTERFACE -fsanitize=${EVENTLOOP_SANITIZE})
  if(EVENTLOOP_SANITIZE MATCHES "undefined")
    target_compile_options(eventloop_flags INTERFACE -fno-sanitize-recover=undefined)
  endif()
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_definitions(eventloop_flags INTERFACE _FORTIFY_SOURCE=2)
endif()

# Without this a fuzzer only sees the branches of its own file and searches blindly.
if(EVENTLOOP_FUZZ)
  target_compile_options(eventloop_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(EVENTLOOP_FAULTS)
  target_compile_definitions(eventloop_flags INTERFACE EVENTLOOP_FAULTS=1)
endif()
