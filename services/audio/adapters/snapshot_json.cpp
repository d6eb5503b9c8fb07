#include "adapters/snapshot_json.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace bandstand::audio {
namespace {

using Json = nlohmann::json;

Json write(const domain::Ask& ask) {
    const auto& reply = ask.reply;
    return {{"event_id", ask.event_id},
            {"command", ask.command},
            {"traceparent", ask.traceparent},
            {"application", reply.application.value()},
            {"interaction", reply.interaction.value()},
            {"token", reply.token},
            {"text_channel", reply.text_channel.value()},
            {"received_at_ns", reply.received_at.time_since_epoch().count()},
            {"from_component", reply.from_component},
            {"locale", reply.locale}};
}

domain::Ask read_ask(const Json& json) {
    return {.event_id = json.value("event_id", ""),
            .command = json.value("command", ""),
            .reply = {.application = base::ApplicationId{json.value("application", std::uint64_t{0})},
                      .interaction = base::InteractionId{json.value("interaction", std::uint64_t{0})},
                      .token = json.value("token", ""),
                      .text_channel = base::ChannelId{json.value("text_channel", std::uint64_t{0})},
                      .received_at =
                          base::WallTime{base::Duration{json.value("received_at_ns", std::int64_t{0})}},
                      .from_component = json.value("from_component", false),
                      .locale = json.value("locale", "")},
            .traceparent = json.value("traceparent", "")};
}

Json write(const domain::Entry& entry) {
    Json json{{"id", entry.id.value()},
              {"kind", static_cast<int>(entry.source.kind)},
              {"locator", entry.source.locator},
              {"filename", entry.source.filename},
              {"title", entry.info.title},
              {"artist", entry.info.artist},
              {"passthrough", entry.info.passthrough},
              {"requester", entry.requester.value()},
              {"text_channel", entry.text_channel.value()},
              {"traceparent", entry.traceparent},
              {"resolved", entry.resolved},
              {"announced", entry.announced}};
    if (entry.info.duration) json["duration_ms"] = entry.info.duration->count();
    if (entry.ask) json["ask"] = write(*entry.ask);
    return json;
}

domain::SourceKind read_kind(int kind) {
    switch (kind) {
        case 1:
            return domain::SourceKind::url;
        case 2:
            return domain::SourceKind::attachment;
        default:
            return domain::SourceKind::library;
    }
}

domain::Entry read_entry(const Json& json) {
    domain::Entry entry{.id = domain::EntryId{json.at("id").get<std::uint64_t>()},
                        .source = {.kind = read_kind(json.value("kind", 0)),
                                   .locator = json.value("locator", ""),
                                   .filename = json.value("filename", "")},
                        .info = {.title = json.value("title", ""),
                                 .artist = json.value("artist", ""),
                                 .passthrough = json.value("passthrough", false)},
                        .requester = base::UserId{json.value("requester", std::uint64_t{0})},
                        .text_channel = base::ChannelId{json.value("text_channel", std::uint64_t{0})},
                        .traceparent = json.value("traceparent", ""),
                        .resolved = json.value("resolved", false),
                        .announced = json.value("announced", false)};
    if (json.contains("duration_ms")) {
        entry.info.duration = domain::Milliseconds{json["duration_ms"].get<std::int64_t>()};
    }
    if (json.contains("ask")) entry.ask = read_ask(json["ask"]);
    return entry;
}

}  // namespace

base::Bytes to_json(const domain::Snapshot& snapshot) {
    Json json{{"version", 1}, {"entries", Json::array()}, {"waiting", Json::array()}};
    for (const auto& entry : snapshot.entries) json["entries"].push_back(write(entry));
    for (const auto& ask : snapshot.waiting_for_voice) json["waiting"].push_back(write(ask));
    // Names come from files and people: what is not UTF-8 must not cost the queue.
    const auto text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    const auto bytes = base::as_bytes(text);
    return {bytes.begin(), bytes.end()};
}

base::Result<void> from_json(base::ByteView bytes, domain::Snapshot& snapshot) {
    try {
        const auto json = Json::parse(base::as_text(bytes));
        for (const auto& entry : json.at("entries")) snapshot.entries.push_back(read_entry(entry));
        for (const auto& ask : json.at("waiting")) snapshot.waiting_for_voice.push_back(read_ask(ask));
        return base::ok();
    } catch (const Json::exception& error) {
        return base::fail(base::ErrorKind::data_loss, kBadSnapshot, error.what());
    }
}

}  // namespace bandstand::audio
