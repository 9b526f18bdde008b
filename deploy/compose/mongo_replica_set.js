// Run at each start: makes one server a replica set, which transactions and majorities need, and waits for its primary.
db.getSiblingDB("admin").auth("root", require("fs").readFileSync("/run/rpns/mongo-root", "utf8"));
try {
  rs.status();
} catch (error) {
  rs.initiate({ _id: "rs0", members: [{ _id: 0, host: "mongo:27017" }] });
}
while (!db.hello().isWritablePrimary) sleep(200);
