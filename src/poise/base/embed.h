#pragma once
// Files that become part of the program as they are: GNU as and clang both know .incbin. Not for users.

#include <cstdint>

/// POISE_EMBED(symbol, "/path/of/file"); outside of namespaces: the file's bytes from symbol to symbol_end, and a zero
/// byte behind them. A symbol of its own in the whole program.
#define POISE_EMBED(symbol, path)         \
  __asm__(                                \
      ".pushsection .rodata\n"            \
      ".balign 64\n"                      \
      ".global " #symbol                  \
      "\n"                                \
      ".hidden " #symbol "\n" #symbol     \
      ":\n"                               \
      ".incbin \"" path                   \
      "\"\n"                              \
      ".global " #symbol                  \
      "_end\n"                            \
      ".hidden " #symbol "_end\n" #symbol \
      "_end:\n"                           \
      ".byte 0\n"                         \
      ".popsection\n");                   \
  extern "C" const std::uint8_t symbol[], symbol##_end[]
