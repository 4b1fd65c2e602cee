# What is installed: libraries, headers, the CMake package `wba` and a pkg-config file a library.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(WBA_INSTALL_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/wba)

# wba_install_library(TARGET wba_core DESCRIPTION text
#                     [COMPONENTS wba component...] [PACKAGES find_package arguments...]
#                     [PKG_CONFIG "prefix module"...] [PC_REQUIRES module...])
#
# installs the library as wba::<export name> with its header set, which must exist by then. A
# consumer that asks for it gets, besides the COMPONENTS under it, each of PACKAGES by
# find_dependency and each of PKG_CONFIG by pkg_check_modules: what the exported target links.
# PC_REQUIRES are the same for pkg-config. They are not private there: the libraries are static, so
# a program links them itself, and with `--static` libcurl would ask for its own archives.
function(wba_install_library)
  cmake_parse_arguments(arg "" "TARGET;DESCRIPTION"
    "COMPONENTS;PACKAGES;PKG_CONFIG;PC_REQUIRES" ${ARGN})
  if(NOT WBA_INSTALL)
    return()
  endif()
  get_target_property(component ${arg_TARGET} EXPORT_NAME)
  install(TARGETS ${arg_TARGET} EXPORT wbaTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)

  set(lines "# What wba::${component} links with.\n")
  foreach(under IN LISTS arg_COMPONENTS)
    string(APPEND lines "include(\"\${CMAKE_CURRENT_LIST_DIR}/wba-${under}-dependencies.cmake\")\n")
  endforeach()
  foreach(package IN LISTS arg_PACKAGES)
    string(APPEND lines "find_dependency(${package})\n")
  endforeach()
  foreach(module IN LISTS arg_PKG_CONFIG)
    string(REPLACE " " ";" module "${module}")
    list(GET module 0 prefix)
    list(GET module 1 name)
    string(APPEND lines "find_dependency(PkgConfig)\n"
      "if(NOT TARGET PkgConfig::${prefix})\n"
      "  pkg_check_modules(${prefix} REQUIRED QUIET IMPORTED_TARGET ${name})\n"
      "endif()\n")
  endforeach()
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/wba-${component}-dependencies.cmake "${lines}")

  set(WBA_PC_NAME wba-${component})
  set(WBA_PC_DESCRIPTION "${arg_DESCRIPTION}")
  get_target_property(WBA_PC_LIBRARY ${arg_TARGET} OUTPUT_NAME)
  list(JOIN arg_PC_REQUIRES ", " WBA_PC_REQUIRES)
  # `cmake --install --prefix` may choose the prefix later, so the file finds it from where it is.
  file(RELATIVE_PATH up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" up "${up}")
  set(WBA_PC_PREFIX "\${pcfiledir}/${up}")
  set(WBA_PC_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
  set(WBA_PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
  configure_file(${PROJECT_SOURCE_DIR}/lib/cmake/wba.pc.in
    ${CMAKE_CURRENT_BINARY_DIR}/wba-${component}.pc @ONLY)

  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/wba-${component}-dependencies.cmake
    DESTINATION ${WBA_INSTALL_CMAKEDIR} COMPONENT development)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/wba-${component}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endfunction()

# wba_install_package installs the CMake package around the libraries: call it once.
function(wba_install_package)
  if(NOT WBA_INSTALL)
    return()
  endif()
  # Before 1.0 a minor version may change the interface.
  write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/wba-config-version.cmake
    COMPATIBILITY SameMinorVersion)
  configure_package_config_file(${PROJECT_SOURCE_DIR}/lib/cmake/wba-config.cmake.in
    ${CMAKE_CURRENT_BINARY_DIR}/wba-config.cmake INSTALL_DESTINATION ${WBA_INSTALL_CMAKEDIR})
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/wba-config.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/wba-config-version.cmake
    DESTINATION ${WBA_INSTALL_CMAKEDIR} COMPONENT development)
  install(EXPORT wbaTargets NAMESPACE wba:: DESTINATION ${WBA_INSTALL_CMAKEDIR}
    COMPONENT development)
endfunction()
