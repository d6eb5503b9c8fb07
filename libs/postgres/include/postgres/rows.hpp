#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"

namespace bandstand::postgres {

namespace detail {

/// One value as the server sent it, in binary. `bytes` is nothing for NULL and borrows from its Rows.
struct Cell {
    std::optional<base::ByteView> bytes;
    std::uint32_t type;  ///< the oid of pg_type
};

// A column of another type than asked for, or an unexpected NULL, is a bug in the SQL beside it: BASE_ASSERT.
void decode(const Cell& cell, bool& out);
void decode(const Cell& cell, std::int64_t& out);  // smallint, integer and bigint
void decode(const Cell& cell, std::int32_t& out);  // smallint and integer
void decode(const Cell& cell, double& out);
void decode(const Cell& cell, std::string& out);     // text, varchar, name, json, jsonb, uuid
void decode(const Cell& cell, base::Bytes& out);     // bytea
void decode(const Cell& cell, base::WallTime& out);  // timestamptz
void decode(const Cell& cell, std::vector<std::int64_t>& out);
void decode(const Cell& cell, std::vector<std::string>& out);
template <class Tag>
void decode(const Cell& cell, base::Id<Tag>& out) {
    std::int64_t value = 0;
    decode(cell, value);
    out = base::Id<Tag>{static_cast<std::uint64_t>(value)};
}
template <class T>
void decode(const Cell& cell, std::optional<T>& out) {
    if (cell.bytes) decode(cell, out.emplace());
}

}  // namespace detail

class Row;

/// What one statement answered. Cheap to copy.
class Rows {
public:
    struct Data;
    explicit Rows(std::shared_ptr<const Data> data) : data_{std::move(data)} {}

    std::size_t size() const;
    bool empty() const { return size() == 0; }
    /// Rows that INSERT, UPDATE or DELETE touched.
    std::int64_t affected() const;
    Row operator[](std::size_t row) const;

    class Iterator;
    Iterator begin() const;
    Iterator end() const;

private:
    friend class Row;
    detail::Cell cell(std::size_t row, int column) const;

    std::shared_ptr<const Data> data_;
};

/// A view of one row: `row.get<std::optional<std::string>>(2)`. Valid as long as its Rows.
class Row {
public:
    Row(const Rows& rows, std::size_t row) : rows_{&rows}, row_{row} {}

    /// bool, int32/int64, double, std::string, base::Bytes, base::WallTime, an Id, or std::optional of one.
    template <class T>
    T get(int column) const {
        T value{};
        detail::decode(rows_->cell(row_, column), value);
        return value;
    }

private:
    const Rows* rows_;
    std::size_t row_;
};

class Rows::Iterator {
public:
    Iterator(const Rows& rows, std::size_t row) : rows_{&rows}, row_{row} {}
    Row operator*() const { return {*rows_, row_}; }
    Iterator& operator++() {
        ++row_;
        return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.row_ == b.row_; }

private:
    const Rows* rows_;
    std::size_t row_;
};

inline Row Rows::operator[](std::size_t row) const {
    return {*this, row};
}
inline Rows::Iterator Rows::begin() const {
    return {*this, 0};
}
inline Rows::Iterator Rows::end() const {
    return {*this, size()};
}

}  // namespace bandstand::postgres
