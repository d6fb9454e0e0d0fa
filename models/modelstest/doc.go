// Package modelstest holds one suite of tests for each port of models. An
// adapter calls the suite from its own tests; passing it is what being an
// adapter means.
package modelstest
