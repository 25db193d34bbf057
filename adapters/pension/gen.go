package pension

//go:generate go tool gowsdl -p snils -d . -o snils.go ../../contracts/agencies/pension/snils.wsdl
