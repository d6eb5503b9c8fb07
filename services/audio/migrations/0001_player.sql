-- One row per player that has something to keep. `epoch` fences: a newer owner of the partition has a greater one.
CREATE TABLE player (
    guild_id bigint NOT NULL,
    bot_id bigint NOT NULL,
    partition integer NOT NULL,
    epoch bigint NOT NULL,
    voice_channel_id bigint NOT NULL,
    voice_bitrate bigint NOT NULL,
    text_channel_id bigint NOT NULL,
    position_ms bigint NOT NULL,
    volume_percent integer NOT NULL,
    paused boolean NOT NULL,
    next_entry_id bigint NOT NULL,
    queue_version bigint NOT NULL,
    queue bytea NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (guild_id, bot_id)
);

-- What a new owner of a partition takes over at once.
CREATE INDEX player_in_voice ON player (partition) WHERE voice_channel_id <> 0;
