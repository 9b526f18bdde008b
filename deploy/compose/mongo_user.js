// Run once by the MongoDB image, when its data folder is empty: the user that the services are.
const password = require("fs").readFileSync("/run/rpns/mongo-password", "utf8");
db.getSiblingDB("rpns").createUser({ user: "rpns", pwd: password, roles: [{ role: "readWrite", db: "rpns" }] });
