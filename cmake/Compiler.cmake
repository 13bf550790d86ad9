# Warnings, sanitizers, ccache and a job pool that keeps memory in bounds.

add_library(rexbert_compile_options INTERFACE)
target_compile_options(rexbert_compile_options INTERFACE -Wall -Wextra -Wshadow)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlaps in std::string that are not there (GCC bug 105651).
  target_compile_options(rexbert_compile_options INTERFACE -Wno-restrict)
endif()
if(REXBERT_WARNINGS_AS_ERRORS)
  target_compile_options(rexbert_compile_options INTERFACE -Werror)
endif()
if(REXBERT_SANITIZE)
  target_compile_options(rexbert_compile_options INTERFACE
    -fsanitize=${REXBERT_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(rexbert_compile_options INTERFACE -fsanitize=${REXBERT_SANITIZE})
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      # Another clone of the same sources finds what this one compiled.
      "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1
      "${CCACHE_PROGRAM}")
endif()

# A translation unit that includes LibTorch takes about 1.4 GB to compile.
cmake_host_system_information(RESULT REXBERT_MEMORY_MIB QUERY TOTAL_PHYSICAL_MEMORY)
cmake_host_system_information(RESULT REXBERT_CORES QUERY NUMBER_OF_LOGICAL_CORES)
math(EXPR REXBERT_TORCH_JOBS "${REXBERT_MEMORY_MIB} / 1536")
if(REXBERT_TORCH_JOBS LESS 1)
  set(REXBERT_TORCH_JOBS 1)
elseif(REXBERT_TORCH_JOBS GREATER REXBERT_CORES)
  set(REXBERT_TORCH_JOBS ${REXBERT_CORES})
endif()
set_property(GLOBAL PROPERTY JOB_POOLS torch_compile=${REXBERT_TORCH_JOBS})
