# rexbert_module(NAME SOURCES ... [USES module...] [PUBLIC target...] [PRIVATE target...] [TORCH])
# One module: the static library rexbert_NAME (alias rexbert::NAME). USES names other modules.
# TORCH: its files include LibTorch; they share one precompiled header and a capped job pool.
#
# rexbert_test(MODULE NAME SOURCES ... [LABELS ...] [TORCH] [USES target...])
# One test executable; every GoogleTest case in it becomes a ctest with the labels given.

set(REXBERT_PCH_HEADER "${CMAKE_CURRENT_LIST_DIR}/torch_pch.h")

# PCH owner: an object library whose precompiled header the torch modules reuse.
function(rexbert_use_torch target)
  if(NOT TARGET rexbert_torch_pch)
    file(WRITE "${CMAKE_BINARY_DIR}/torch_pch.cc" "\n")
    add_library(rexbert_torch_pch OBJECT "${CMAKE_BINARY_DIR}/torch_pch.cc")
    target_link_libraries(rexbert_torch_pch PRIVATE rexbert::torch rexbert_compile_options)
    target_precompile_headers(rexbert_torch_pch PRIVATE "${REXBERT_PCH_HEADER}")
    set_target_properties(rexbert_torch_pch PROPERTIES JOB_POOL_COMPILE torch_compile)
  endif()
  # The header is compiled with -fPIC; an executable's own -fPIE would not fit it.
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${target} PRIVATE -fPIC)
  target_precompile_headers(${target} REUSE_FROM rexbert_torch_pch)
  set_target_properties(${target} PROPERTIES JOB_POOL_COMPILE torch_compile)
endfunction()

function(rexbert_module name)
  cmake_parse_arguments(ARG "TORCH" "" "SOURCES;USES;PUBLIC;PRIVATE" ${ARGN})
  add_library(rexbert_${name} STATIC ${ARG_SOURCES})
  add_library(rexbert::${name} ALIAS rexbert_${name})
  target_include_directories(rexbert_${name}
    PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
    PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_compile_features(rexbert_${name} PUBLIC cxx_std_20)
  foreach(used IN LISTS ARG_USES)
    target_link_libraries(rexbert_${name} PUBLIC rexbert::${used})
  endforeach()
  target_link_libraries(rexbert_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE}
                                        rexbert_compile_options)
  if(ARG_TORCH)
    target_link_libraries(rexbert_${name} PUBLIC rexbert::torch)
    # These files call LibTorch; inner loops are compiled elsewhere (src/ops/CMakeLists.txt).
    target_compile_options(rexbert_${name} PRIVATE $<$<CONFIG:Release>:-O2>)
    rexbert_use_torch(rexbert_${name})
  endif()
endfunction()

# CUDA: tests with OnCuda in their name need a GPU; they get the label `cuda`, and skip without one.
function(rexbert_test module name)
  cmake_parse_arguments(ARG "TORCH;CUDA" "" "SOURCES;LABELS;USES" ${ARGN})
  set(target rexbert_${module}_${name})
  add_executable(${target} ${ARG_SOURCES})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  if(TARGET rexbert::${module})
    target_link_libraries(${target} PRIVATE rexbert::${module})
  else()
    target_link_libraries(${target} PRIVATE rexbert::core)  # tests of the command itself
  endif()
  target_link_libraries(${target} PRIVATE ${ARG_USES} GTest::gmock
                                          GTest::gtest_main rexbert_compile_options)
  # Half the time to compile.
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  target_compile_definitions(${target} PRIVATE
    REXBERT_SOURCE_DIR="${PROJECT_SOURCE_DIR}" REXBERT_BINARY_DIR="${PROJECT_BINARY_DIR}")
  if(ARG_TORCH)
    rexbert_use_torch(${target})
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  include(GoogleTest)
  if(ARG_CUDA)
    gtest_discover_tests(${target} TEST_PREFIX "${module}." DISCOVERY_MODE PRE_TEST
                         TEST_FILTER "*OnCuda*" TEST_LIST ${target}_cuda_tests
                         PROPERTIES LABELS cuda TIMEOUT 900)
    set(filter TEST_FILTER "-*OnCuda*")
  endif()
  gtest_discover_tests(${target} TEST_PREFIX "${module}." DISCOVERY_MODE PRE_TEST ${filter}
                       PROPERTIES TIMEOUT 900)
  # gtest_discover_tests() would keep the first of several labels alone.
  set(script "${CMAKE_CURRENT_BINARY_DIR}/${target}_labels.cmake")
  file(WRITE "${script}" "foreach(test IN LISTS ${target}_TESTS)
  set_tests_properties(\"\${test}\" PROPERTIES LABELS \"${ARG_LABELS}\")
endforeach()
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${script}")
endfunction()
