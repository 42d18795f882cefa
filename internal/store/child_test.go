package store_test

const childJob = "FREEHOLD_STORE_TEST_CHILD"

func child(string) int { return 0 }
