#pragma once

#include <memory>
#include <string>

#include "observe/log.hpp"
#include "observe/trace.hpp"

namespace bandstand::observe {

/// A tracer that exports to `endpoint` (OTLP over HTTP), or one that does nothing when it is empty. What goes
/// wrong with exporting is logged as a warning, whatever happens to spans.
std::shared_ptr<Tracer::State> make_tracer_state(const std::string& service, const std::string& endpoint,
                                                 double sample_ratio, const Log& log);
/// Sends what is buffered, for at most a second, then drops the rest. Spans that end later are lost.
void shut_down(Tracer::State& state);

}  // namespace bandstand::observe
