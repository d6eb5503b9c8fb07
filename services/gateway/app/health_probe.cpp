#include "app/health_probe.hpp"

#include <utility>

#include "runtime/deadline.hpp"

namespace bandstand::gateway {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kInterval = 2s;
constexpr base::Duration kAnswerWithin = 3s;

}  // namespace

HealthProbe::HealthProbe(runtime::Context context, std::string part, Ask ask)
    : context_{std::move(context)}, part_{std::move(part)}, ask_{std::move(ask)} {
    context_.readiness().add(part_, [this] { return why_not_; });
}

runtime::Task<base::Result<void>> HealthProbe::run() {
    for (;;) {
        auto answer = co_await runtime::within(kAnswerWithin, ask_());
        why_not_ = answer ? "" : std::string{answer.error().reason().name};
        co_await runtime::sleep_for(kInterval);
    }
}

}  // namespace bandstand::gateway
