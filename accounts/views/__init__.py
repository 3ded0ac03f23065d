"""The pages of people and teams: fetch, call one verb, answer."""
