-- What was last registered at Discord, per application: our list of commands with the ids and versions it was given.
CREATE TABLE command_registration (
    application_id bigint PRIMARY KEY,
    fingerprint text NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT now()
);
