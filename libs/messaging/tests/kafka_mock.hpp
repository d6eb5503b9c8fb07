#pragma once

#include <memory>
#include <string>

namespace bandstand::messaging {

/// librdkafka's mock broker, in this process: real sockets on loopback, nothing durable. Topics must be made
/// before they are used (it would make them with 4 partitions).
class KafkaMock {
public:
    static KafkaMock& instance();
    std::string brokers() const;
    bool is_mock() const { return state_ != nullptr; }
    /// Of the mock; a real broker is asked by the backend under test.
    void create_topic(const std::string& name, int partitions);

private:
    KafkaMock();
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace bandstand::messaging
