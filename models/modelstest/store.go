package modelstest

import (
	"context"
	"os"
	"testing"
	"time"

	"reelroom/models"
)

// Stores tells the suite how to reach the databases of an adapter.
type Stores struct {
	// Fresh makes an empty database, removed when the test ends, and returns
	// its address.
	Fresh func(t testing.TB) (address string)
	// Open opens the database at an address.
	Open func(ctx context.Context, address string) (models.Store, error)
	// Shared tells that several may have an address open at the same time.
	Shared bool
}

// TestStore checks that an adapter is a [models.Store]. The test function that
// calls it must do nothing else before: the test binary is started again, with
// that function alone, as the process that gets killed.
func TestStore(t *testing.T, s Stores) {
	if address := os.Getenv(childVariable); address != "" {
		writeUntilKilled(t, s, address)
		return
	}
	for _, test := range []struct {
		name string
		run  func(*testing.T, Stores)
	}{
		{"CreateAndGet", createAndGet}, {"CreateRaced", createRaced}, {"WholeRecord", wholeRecord}, {"Times", times},
		{"ListPages", listPages}, {"ListKeeps", listKeeps}, {"ListCursors", listCursors},
		{"ListQueries", listQueries}, {"ListGrowing", listGrowing}, {"ListRefused", listRefused}, {"Counts", counts},
		{"Tenants", tenants}, {"TenantsApart", tenantsApart}, {"Deleted", deleted},
		{"TransitionErrors", transitionErrors}, {"OneClaim", oneClaim}, {"NoLostUpdate", noLostUpdate},
		{"Renames", renames}, {"OneOutcome", oneOutcome}, {"GivenUp", givenUp}, {"PanickingTransition", panicking},
		{"Unsettled", unsettled}, {"UnsettledPages", unsettledPages}, {"LeaseRunsOut", leaseRunsOut}, {"SuspectRunsAlone", suspectRunsAlone}, {"Waiting", waiting}, {"Usage", usage},
		{"Revocations", revocations}, {"RevocationsRefused", revocationsRefused}, {"RevokedAgain", revokedAgain},
		{"RevocationsEnd", revocationsEnd}, {"RevocationsFollowed", revocationsFollowed}, {"RevocationsLast", revocationsLast},
		{"Experience", experience}, {"ExperienceRaced", experienceRaced}, {"ExperienceRefused", experienceRefused}, {"ExperienceLasts", experienceLasts},
		{"Policies", policies}, {"PolicyRaced", policyRaced}, {"Outdated", outdated},
		{"Audit", audit}, {"AuditTrimmed", auditTrimmed}, {"AuditOnRecord", auditOnRecord},
		{"Batches", batches}, {"BatchRaced", batchRaced}, {"BatchTally", batchTally}, {"BatchesUnsettled", batchesUnsettled}, {"BatchesTrimmed", batchesTrimmed},
		{"Accounts", accounts}, {"AccountsListed", accountsListed}, {"AccountsRaced", accountsRaced}, {"GrantsEnd", grantsEnd}, {"GrantsRaced", grantsRaced},
		{"Once", once}, {"Reopen", reopen}, {"Killed", killed}, {"Closed", closed},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, s)
		})
	}
}

// fresh opens an empty database.
func (s Stores) fresh(t testing.TB) models.Store {
	t.Helper()
	return s.at(t, s.Fresh(t))
}

// at opens a database, and closes it when the test ends.
func (s Stores) at(t testing.TB, address string) models.Store {
	t.Helper()
	store, err := s.Open(within(t), address)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := store.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return store
}

// both returns two ways to one empty database: two stores where the adapter
// can share it, else one store twice.
func (s Stores) both(t testing.TB) [2]models.Store {
	t.Helper()
	address := s.Fresh(t)
	first := s.at(t, address)
	if !s.Shared {
		return [2]models.Store{first, first}
	}
	return [2]models.Store{first, s.at(t, address)}
}

// within bounds what a test waits for.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	t.Cleanup(cancel)
	return ctx
}
