# embed_files(TARGET SYMBOL FILE...): links FILEs into TARGET as `const struct embedded_file SYMBOL[]`, in the order
# given, ended by an entry whose name is NULL (base/embed.h). The bytes are pulled in by the assembler's .incbin.
function(embed_files target symbol)
  set(out "${CMAKE_CURRENT_BINARY_DIR}/embed_${target}_${symbol}.c")
  set(text "#include \"base/embed.h\"\n")
  set(table "")
  set(index 0)
  foreach(file IN LISTS ARGN)
    get_filename_component(path "${file}" ABSOLUTE)
    get_filename_component(name "${file}" NAME)
    set(label "embedded_${symbol}_${index}")
    string(APPEND text
      "__asm__(\".section .rodata\\n.balign 16\\n${label}:\\n.incbin \\\"${path}\\\"\\n"
      "${label}_end:\\n.byte 0\\n.previous\\n\");\n"
      "extern const char ${label}[], ${label}_end[];\n")
    string(APPEND table "\t{\"${name}\", ${label}, ${label}_end},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  string(APPEND text "extern const struct embedded_file ${symbol}[];\n"
    "const struct embedded_file ${symbol}[] = {\n${table}\t{0, 0, 0},\n};\n")
  file(GENERATE OUTPUT "${out}" CONTENT "${text}")
  set_source_files_properties("${out}" PROPERTIES OBJECT_DEPENDS "${ARGN}")
  target_sources(${target} PRIVATE "${out}")
endfunction()
