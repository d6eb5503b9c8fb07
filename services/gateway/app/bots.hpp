#pragma once

#include <vector>

#include "app/bot.hpp"

namespace bandstand::gateway {

constexpr base::Reason kUnknownBot{"gateway.bot_unknown"};

/// The bot identities of this process.
class Bots {
public:
    void add(Bot& bot) { bots_.push_back(&bot); }
    /// Nothing when another process holds it, or it is not ready yet.
    Bot* find(base::UserId user) const {
        for (auto* bot : bots_) {
            if (bot->user() == user && user) return bot;
        }
        return nullptr;
    }
    /// Any of them: an interaction's token is enough to answer it.
    Bot* any() const { return bots_.empty() ? nullptr : bots_.front(); }

private:
    std::vector<Bot*> bots_;
};

}  // namespace bandstand::gateway
