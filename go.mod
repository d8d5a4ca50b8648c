module turnup.dev/kubectl-turnup

go 1.26.0
