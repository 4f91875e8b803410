// A child that never says that it is ready.
process.exit(0);
