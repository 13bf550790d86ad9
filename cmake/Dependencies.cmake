# Third-party libraries: the system's packages, and what scripts/setup.sh put into REXBERT_DEPS_DIR.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(nlohmann_json 3.9 REQUIRED)
find_package(simdjson REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(CURL 7.85 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(BZip2 REQUIRED)
find_package(ICU 70 REQUIRED COMPONENTS i18n uc)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(BROTLI REQUIRED IMPORTED_TARGET libbrotlienc libbrotlidec)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
find_package(Snappy REQUIRED)
pkg_check_modules(GUMBO REQUIRED IMPORTED_TARGET gumbo)

find_path(FASTTEXT_INCLUDE_DIR fasttext/fasttext.h REQUIRED)
find_library(FASTTEXT_LIBRARY NAMES fasttext REQUIRED)
add_library(fasttext::fasttext UNKNOWN IMPORTED)
set_target_properties(fasttext::fasttext PROPERTIES
  IMPORTED_LOCATION "${FASTTEXT_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${FASTTEXT_INCLUDE_DIR}")

if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()

find_path(SENTENCEPIECE_INCLUDE_DIR sentencepiece_processor.h
          HINTS "${REXBERT_DEPS_DIR}/sentencepiece/include" NO_DEFAULT_PATH)
find_library(SENTENCEPIECE_LIBRARY NAMES libsentencepiece.a
             HINTS "${REXBERT_DEPS_DIR}/sentencepiece/lib" NO_DEFAULT_PATH)
find_library(SENTENCEPIECE_TRAIN_LIBRARY NAMES libsentencepiece_train.a
             HINTS "${REXBERT_DEPS_DIR}/sentencepiece/lib" NO_DEFAULT_PATH)
if(NOT SENTENCEPIECE_INCLUDE_DIR OR NOT SENTENCEPIECE_LIBRARY OR NOT SENTENCEPIECE_TRAIN_LIBRARY)
  message(FATAL_ERROR "SentencePiece not found in ${REXBERT_DEPS_DIR}/sentencepiece: "
                      "run scripts/setup.sh, or set REXBERT_DEPS_DIR")
endif()
add_library(sentencepiece::train STATIC IMPORTED)
set_target_properties(sentencepiece::train PROPERTIES
  IMPORTED_LOCATION "${SENTENCEPIECE_TRAIN_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${SENTENCEPIECE_INCLUDE_DIR}"
  INTERFACE_LINK_LIBRARIES "${SENTENCEPIECE_LIBRARY};Threads::Threads")

include(Parquet)
if(REXBERT_TORCH)
  include(LibTorch)
  rexbert_find_libtorch("${REXBERT_DEPS_DIR}/torch")
  if(REXBERT_LIBTORCH_PROBLEM)
    message(FATAL_ERROR "${REXBERT_LIBTORCH_PROBLEM}, or run scripts/setup.sh")
  endif()
  message(STATUS "LibTorch: ${REXBERT_LIBTORCH_ROOT}")
  set(REXBERT_LIBTORCH_ROOT "${REXBERT_LIBTORCH_ROOT}" CACHE INTERNAL "LibTorch that was found")
  if(REXBERT_CUDA)
    include(LibTorchCuda)
  endif()
endif()
