# project_library(NAME SOURCES … [PUBLIC …] [PRIVATE …] [TESTS …] [COMPONENT_TESTS …] [TEST_LINKS …] [FUZZ …] [BENCHES …])
#
# A library of libs/NAME: headers in include/NAME, sources listed by hand, used as lib::NAME.
# PUBLIC are the targets that its headers need, PRIVATE those that stay inside its .cpp files.
# TESTS need nothing but the process (label "unit"); COMPONENT_TESTS need PostgreSQL, sockets or
# another real part (label "component"). Each FUZZ file f.cpp has its corpus in fuzz/corpus/f/.
function(project_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE;TESTS;COMPONENT_TESTS;TEST_LINKS;FUZZ;BENCHES" ${ARGN})
  if(ARG_SOURCES)
    add_library(bandstand_${name} STATIC ${ARG_SOURCES})
    target_include_directories(bandstand_${name} PUBLIC include PRIVATE src)
    target_link_libraries(bandstand_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE} project_options)
  else()
    add_library(bandstand_${name} INTERFACE)
    target_include_directories(bandstand_${name} INTERFACE include)
    target_link_libraries(bandstand_${name} INTERFACE ${ARG_PUBLIC})
  endif()
  add_library(lib::${name} ALIAS bandstand_${name})
  _project_checks(${name} bandstand_${name} "${ARG_TESTS}" "${ARG_COMPONENT_TESTS}"
                  "${ARG_TEST_LINKS};${ARG_PRIVATE}" "${ARG_FUZZ}" "${ARG_BENCHES}")
endfunction()

# project_service(NAME MAIN main.cpp SOURCES … LINKS … [TESTS …] [COMPONENT_TESTS …] [TEST_LINKS …] [FUZZ …] [BENCHES …])
#
# Everything but main.cpp is a static library, so that the tests link what the binary runs.
function(project_service name)
  cmake_parse_arguments(ARG "" "MAIN" "SOURCES;LINKS;TESTS;COMPONENT_TESTS;TEST_LINKS;FUZZ;BENCHES" ${ARGN})
  add_library(bandstand_${name}_parts STATIC ${ARG_SOURCES})
  target_include_directories(bandstand_${name}_parts PUBLIC .)
  target_link_libraries(bandstand_${name}_parts PUBLIC ${ARG_LINKS} PRIVATE project_options)
  add_executable(bandstand-${name} ${ARG_MAIN})
  target_link_libraries(bandstand-${name} PRIVATE bandstand_${name}_parts project_options)
  set_target_properties(bandstand-${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  _project_checks(${name} bandstand_${name}_parts "${ARG_TESTS}" "${ARG_COMPONENT_TESTS}" "${ARG_TEST_LINKS}"
                  "${ARG_FUZZ}" "${ARG_BENCHES}")
endfunction()

function(_project_checks name target unit component links fuzz benches)
  string(REPLACE "-" "_" id ${name})
  if(BANDSTAND_TESTS)
    foreach(kind IN ITEMS unit component)
      if(${kind})
        set(binary ${id}_${kind}_tests)
        add_executable(${binary} ${${kind}})
        target_include_directories(${binary} PRIVATE src)  # a library's private parts have tests too
        target_link_libraries(${binary} PRIVATE ${target} ${links} lib::testing GTest::gmock GTest::gtest_main
                                                project_options)
        gtest_discover_tests(${binary} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${id}/"
          PROPERTIES LABELS ${kind} TIMEOUT 300 ENVIRONMENT "BANDSTAND_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
      endif()
    endforeach()
  endif()
  if(BANDSTAND_TESTS OR BANDSTAND_FUZZ)
    foreach(source IN LISTS fuzz)
      get_filename_component(stem ${source} NAME_WE)
      set(binary fuzz_${id}_${stem})
      add_executable(${binary} ${source})
      target_link_libraries(${binary} PRIVATE ${target} ${links} lib::testing project_options)
      if(BANDSTAND_FUZZ)
        target_link_options(${binary} PRIVATE -fsanitize=fuzzer)
      else()
        target_link_libraries(${binary} PRIVATE testing_fuzz_replay)
        add_test(NAME fuzz/${id}/${stem}
          COMMAND ${binary} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${stem})
        set_tests_properties(fuzz/${id}/${stem} PROPERTIES LABELS fuzz TIMEOUT 300)
      endif()
    endforeach()
  endif()
  if(BANDSTAND_BENCHMARKS)
    foreach(source IN LISTS benches)
      get_filename_component(stem ${source} NAME_WE)
      add_executable(bench_${id}_${stem} ${source})
      target_link_libraries(bench_${id}_${stem} PRIVATE ${target} ${links} benchmark::benchmark project_options)
      set_target_properties(bench_${id}_${stem} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
    endforeach()
  endif()
endfunction()
