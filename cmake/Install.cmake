# `cmake --install`: a tree that may be moved, with the command, one shared library a component, headers, and what
# find_package(rexbert) and pkg-config read. LibTorch is not in it: it is found where the user has it.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# curate and train use data, as their modules do.
set(REXBERT_COMPONENT_data core net html config metrics text datasets tokenizer shard corpus plan batch)
set(REXBERT_COMPONENT_curate curate)
set(REXBERT_COMPONENT_train ops nn optim dist hf ckpt infer eval train tasks)
set(REXBERT_COMPONENTS data curate)
set(_torch_rpath "")
if(REXBERT_TORCH)
  list(APPEND REXBERT_COMPONENTS train)
  set(_torch_rpath "${REXBERT_LIBTORCH_ROOT}/lib")
endif()

set(_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/rexbert")
file(RELATIVE_PATH _bin_to_lib "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}")
file(WRITE "${CMAKE_BINARY_DIR}/component.cc" "\n")

set(_exclude EXCLUDE_FROM_ALL)
set(_all "")
if(REXBERT_INSTALL_IN_ALL)
  set(_exclude "")
  set(_all ALL)
endif()

foreach(component IN LISTS REXBERT_COMPONENTS)
  set(target rexbert_component_${component})
  add_library(${target} SHARED ${_exclude} "${CMAKE_BINARY_DIR}/component.cc")
  if(NOT component STREQUAL "data")
    # Stands before the archives below, which therefore add nothing that it has.
    target_link_libraries(${target} PUBLIC rexbert_component_data)
  endif()
  foreach(module IN LISTS REXBERT_COMPONENT_${component})
    add_dependencies(${target} rexbert_${module})
    target_link_libraries(${target} PRIVATE
      "-Wl,--whole-archive,$<TARGET_FILE:rexbert_${module}>,--no-whole-archive"
      rexbert_${module})  # the second for what it links itself
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/rexbert/${module}" COMPONENT ${component}
            DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/rexbert")
  endforeach()
  target_compile_features(${target} INTERFACE cxx_std_20)
  target_include_directories(${target} INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME rexbert_${component}
    EXPORT_NAME ${component}
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib"
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}  # below 1.0 a minor version may change what is seen
    INSTALL_RPATH "$ORIGIN;${_torch_rpath}")
  install(TARGETS ${target} EXPORT rexbert-${component}
          LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT ${component})
  install(EXPORT rexbert-${component} NAMESPACE rexbert:: DESTINATION "${_package_dir}" COMPONENT ${component})
endforeach()

list(TRANSFORM REXBERT_COMPONENTS PREPEND rexbert_component_ OUTPUT_VARIABLE _component_targets)
add_custom_target(install_components ${_all} DEPENDS ${_component_targets} rexbert_command)

# The command's own words make what shells and `man` read.
foreach(made "completion bash:rexbert.bash" "completion zsh:_rexbert" "manual:rexbert.1")
  string(REGEX MATCH "^(.*):(.*)$" _ "${made}")
  set(_file "${CMAKE_BINARY_DIR}/command_line/${CMAKE_MATCH_2}")
  add_custom_command(OUTPUT "${_file}"
    COMMAND sh -c "\"$1\" ${CMAKE_MATCH_1} > \"$2\"" _ $<TARGET_FILE:rexbert_command> "${_file}"
    DEPENDS rexbert_command VERBATIM)
  list(APPEND _command_line_files "${_file}")
endforeach()
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/command_line")
add_custom_target(command_line_files DEPENDS ${_command_line_files})
add_dependencies(install_components command_line_files)
install(FILES "${CMAKE_BINARY_DIR}/command_line/rexbert.bash" RENAME rexbert
        DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" COMPONENT command)
install(FILES "${CMAKE_BINARY_DIR}/command_line/_rexbert"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions" COMPONENT command)
install(FILES "${CMAKE_BINARY_DIR}/command_line/rexbert.1"
        DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT command)

set_target_properties(rexbert_command PROPERTIES INSTALL_RPATH "$ORIGIN/${_bin_to_lib};${_torch_rpath}")
install(TARGETS rexbert_command DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT command)
if(TARGET rexbert_parquet_module)
  # Arrow's libraries: beside the module, or where they were when it was built.
  set_target_properties(rexbert_parquet_module PROPERTIES INSTALL_RPATH "$ORIGIN;${_pyarrow_root}")
  install(TARGETS rexbert_parquet_module LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT curate)
endif()

configure_package_config_file(cmake/rexbertConfig.cmake.in "${CMAKE_BINARY_DIR}/rexbertConfig.cmake"
                              INSTALL_DESTINATION "${_package_dir}")
write_basic_package_version_file("${CMAKE_BINARY_DIR}/rexbertConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/rexbertConfig.cmake" "${CMAKE_BINARY_DIR}/rexbertConfigVersion.cmake"
              cmake/LibTorch.cmake
        DESTINATION "${_package_dir}" COMPONENT data)
file(RELATIVE_PATH _package_to_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file(cmake/rexbert-data.pc.in "${CMAKE_BINARY_DIR}/rexbert-data.pc" @ONLY)
install(FILES "${CMAKE_BINARY_DIR}/rexbert-data.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT data)
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT data OPTIONAL)
