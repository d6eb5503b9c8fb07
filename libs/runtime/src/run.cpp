#include "runtime/run.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <utility>

namespace bandstand::runtime {
namespace {

void stop_on_signal(asio::signal_set& signals, const Context& context) {
    signals.async_wait([&signals, context](const boost::system::error_code& error, int) {
        if (error) return;
        if (context.stop_requested()) std::_Exit(130);  // asked twice: the person means it
        context.request_stop();
        stop_on_signal(signals, context);
    });
}

}  // namespace

int run(std::string service, Serve serve) {
    std::signal(SIGPIPE, SIG_IGN);
    auto environment = config::Environment::of_process();
    observe::Observer observer{observe::options_from(service, environment)};
    asio::io_context loop{1};
    const Context context{loop, std::move(environment), observer, base::system_clock()};
    asio::signal_set signals{loop, SIGINT, SIGTERM};
    stop_on_signal(signals, context);

    int status = 1;
    asio::co_spawn(loop, serve(context),
                   [&](const std::exception_ptr& thrown, const base::Result<void>& result) {
                       if (thrown) {
                           observer.log().error("service_threw");
                       } else if (!result) {
                           observer.log().error("service_failed", {{"reason", result.error().reason().name},
                                                                   {"detail", result.error().detail()}});
                       } else {
                           status = 0;
                       }
                       signals.cancel();
                       loop.stop();
                   });
    observer.log().info("service_starting");
    loop.run();
    observer.log().info("service_stopped", {{"status", status}});
    return status;
}

}  // namespace bandstand::runtime
