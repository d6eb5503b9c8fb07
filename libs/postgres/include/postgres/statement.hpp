#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"

namespace bandstand::postgres {

/// SQL with $1, $2, … under a name that is unique in the process: prepared once per connection, at first use.
/// A constant: both texts must outlive the pool.
struct Statement {
    std::string_view name;
    std::string_view sql;
};

/// The arguments of one statement, encoded. Numbers and text are sent as text, so the server's type decides;
/// bytea and arrays are sent in binary. Text must not contain NUL: the statement then fails with kBadValue.
class Params {
public:
    Params() = default;
    template <class... Args>
    static Params of(const Args&... args) {
        Params params;
        params.values_.reserve(sizeof...(Args));
        (params.add(args), ...);
        return params;
    }

    struct Value {
        std::optional<std::string> data;  ///< nothing = NULL
        bool binary = false;
    };
    const std::vector<Value>& values() const { return values_; }

    void add(bool value);
    template <std::integral T>
        requires(!std::same_as<T, bool>)
    void add(T value) {
        add_text(std::to_string(value));
    }
    void add(double value);
    void add(std::string_view text) { add_text(std::string{text}); }
    void add(const std::string& text) { add_text(text); }
    void add(const char* text) { add_text(text); }
    void add(const base::Bytes& bytes) { add(base::ByteView{bytes}); }
    void add(base::ByteView bytes);  ///< bytea
    void add(base::WallTime time);   ///< timestamptz, microseconds
    template <class Tag>
    void add(base::Id<Tag> id) {  // bigint holds the same 64 bits
        add(static_cast<std::int64_t>(id.value()));
    }
    void add(const std::vector<std::int64_t>& values);  ///< bigint[]
    void add(const std::vector<std::int32_t>& values);  ///< integer[]
    void add(const std::vector<std::string>& values);   ///< text[]
    void add(const std::vector<base::Bytes>& values);   ///< bytea[]
    void add(std::nullopt_t) { values_.push_back({std::nullopt, false}); }
    template <class T>
    void add(const std::optional<T>& value) {
        if (value) {
            add(*value);
        } else {
            add(std::nullopt);
        }
    }

private:
    void add_text(std::string text) { values_.push_back({std::move(text), false}); }

    std::vector<Value> values_;
};

/// Statements that go to the server together, in one round trip: `batch.add(kInsert, guild, plan)`.
/// Outside a Transaction they are one transaction of their own: all or none.
class Batch {
public:
    struct Call {
        Statement statement;
        Params params;
    };

    template <class... Args>
    void add(Statement statement, const Args&... args) {
        calls_.push_back({statement, Params::of(args...)});
    }
    bool empty() const { return calls_.empty(); }
    std::size_t size() const { return calls_.size(); }
    std::vector<Call>& calls() { return calls_; }

private:
    std::vector<Call> calls_;
};

}  // namespace bandstand::postgres
