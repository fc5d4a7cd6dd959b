-- Run once by Patroni, when the first database has been made.
\getenv password GUESTBOOK_PASSWORD
CREATE ROLE guestbook LOGIN PASSWORD :'password';
CREATE DATABASE guestbook OWNER guestbook;
\connect guestbook
SET ROLE guestbook;
CREATE TABLE entries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    author text NOT NULL,
    text text NOT NULL,
    picture text NOT NULL,
    token text NOT NULL
);
CREATE INDEX ON entries (token);
CREATE INDEX ON entries (author, id);
