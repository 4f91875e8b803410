// A child whose application takes for ever to start.
setInterval(() => {}, 60_000);
