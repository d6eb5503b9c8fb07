#include "connect_options.hpp"

#include <libpq-fe.h>

#include <memory>

namespace bandstand::postgres {
namespace {

using Keywords = std::map<std::string, std::string>;

base::Result<Keywords> parse_url(const std::string& url) {
    char* problem = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed{
        PQconninfoParse(url.c_str(), &problem), &PQconninfoFree};
    const std::unique_ptr<char, decltype(&PQfreemem)> owned{problem, &PQfreemem};
    if (!parsed) {
        // libpq's text quotes parts of the URL, maybe the password.
        return base::fail(
            base::ErrorKind::invalid_argument, kBadUrl,
            "the database URL cannot be read: write postgresql://user:password@host:port/database");
    }
    Keywords keywords;
    for (const auto* option = parsed.get(); option->keyword != nullptr; ++option) {
        if (option->val != nullptr) keywords.emplace(option->keyword, option->val);
    }
    return keywords;
}

std::string milliseconds(base::Duration duration) {
    return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

std::string session_settings(const PoolOptions& options) {
    auto text = " -c statement_timeout=" + milliseconds(options.statement_timeout) +
                " -c idle_in_transaction_session_timeout=60000"
                " -c client_connection_check_interval=1000"  // a dead client's statement ends, with its locks
                " -c timezone=UTC";
    if (!options.schema.empty()) text += " -c search_path=" + options.schema;
    return text;
}

}  // namespace

base::Result<Keywords> connect_keywords(const PoolOptions& options) {
    auto keywords = parse_url(options.url.reveal());
    if (!keywords) return keywords;
    auto& own = *keywords;
    own["options"] = session_settings(options) + ' ' + own["options"];  // the URL's come last and win
    own["client_encoding"] = "UTF8";
    own.try_emplace("application_name", options.name);
    own.try_emplace("gssencmode", "disable");  // its look for tickets blocks
    own.try_emplace("keepalives_idle", "10");
    own.try_emplace("keepalives_interval", "5");
    own.try_emplace("keepalives_count", "3");
    own.try_emplace("tcp_user_timeout", "20000");
    return keywords;
}

}  // namespace bandstand::postgres
