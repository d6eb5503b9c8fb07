#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"

/// A forgiving, bounded reader of one JSON value: what is absent, null or of another type reads as nothing.
namespace bandstand::discord {

class JsonView {
public:
    JsonView() = default;
    explicit JsonView(simdjson::dom::element element) : element_{element} {}

    bool exists() const { return element_.has_value() && !element_->is_null(); }
    JsonView operator[](std::string_view key) const {
        simdjson::dom::element found;
        if (!element_ || element_->at_key(key).get(found) != simdjson::SUCCESS) return {};
        return JsonView{found};
    }

    std::optional<std::string_view> string() const {
        std::string_view value;
        if (!element_ || element_->get_string().get(value) != simdjson::SUCCESS) return std::nullopt;
        return value;
    }
    /// At most `limit` bytes, cut between characters.
    std::string text(std::size_t limit) const {
        auto value = string().value_or(std::string_view{});
        if (value.size() > limit) {
            while (limit > 0 && (static_cast<unsigned char>(value[limit]) & 0xC0U) == 0x80U) --limit;
            value = value.substr(0, limit);
        }
        return std::string{value};
    }
    std::optional<std::int64_t> integer() const {
        std::int64_t value = 0;
        if (!element_ || element_->get_int64().get(value) != simdjson::SUCCESS) return std::nullopt;
        return value;
    }
    std::optional<double> number() const {
        double value = 0;
        if (!element_ || element_->get_double().get(value) != simdjson::SUCCESS) return std::nullopt;
        return value;
    }
    std::optional<bool> boolean() const {
        bool value = false;
        if (!element_ || element_->get_bool().get(value) != simdjson::SUCCESS) return std::nullopt;
        return value;
    }
    bool is(bool fallback) const { return boolean().value_or(fallback); }
    /// In [0, most], else 0: a count or size that cannot be is not believed.
    std::uint64_t unsigned_up_to(std::uint64_t most) const {
        const auto value = integer().value_or(0);
        return value < 0 || static_cast<std::uint64_t>(value) > most ? 0 : static_cast<std::uint64_t>(value);
    }
    /// A snowflake in a string; zero when absent or malformed.
    template <class IdType>
    IdType id() const {
        return base::parse_id<IdType>(string().value_or(std::string_view{})).value_or(IdType{});
    }
    /// A 64-bit set in a string.
    std::uint64_t bits() const { return id<base::Id<struct BitsTag>>().value(); }

    /// Calls back for the first `limit` elements of an array.
    template <class Visit>
    void each(std::size_t limit, Visit visit) const {
        simdjson::dom::array array;
        if (!element_ || element_->get_array().get(array) != simdjson::SUCCESS) return;
        for (const auto item : array) {
            if (limit-- == 0) return;
            visit(JsonView{item});
        }
    }
    /// Calls back for the first `limit` members of an object.
    template <class Visit>
    void each_member(std::size_t limit, Visit visit) const {
        simdjson::dom::object object;
        if (!element_ || element_->get_object().get(object) != simdjson::SUCCESS) return;
        for (const auto& [key, value] : object) {
            if (limit-- == 0) return;
            visit(key, JsonView{value});
        }
    }

private:
    std::optional<simdjson::dom::element> element_;
};

}  // namespace bandstand::discord
