#pragma once

#include <boost/asio/awaitable.hpp>

namespace bandstand {
namespace asio = boost::asio;
}

namespace bandstand::runtime {

/// A coroutine on the loop. Takes its arguments by value; what it borrows outlives its TaskGroup.
template <class T = void>
using Task = asio::awaitable<T>;

}  // namespace bandstand::runtime
