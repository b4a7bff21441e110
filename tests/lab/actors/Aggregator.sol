// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
pragma solidity ^0.8.0;

/// A price feed that emits what Chainlink's aggregator emits, with rounds numbered by whoever posts.
contract Aggregator {
    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);
    event NewRound(uint256 indexed roundId, address indexed startedBy, uint256 startedAt);

    uint8 public constant decimals = 8;
    address public immutable transmitter = msg.sender;
    int256 public latestAnswer;
    uint256 public latestRound;
    uint256 public latestTimestamp;

    function post(uint256 roundId, int256 answer) external {
        require(msg.sender == transmitter, "not the transmitter");
        // A late round is on chain, as an event, but it is no longer the answer.
        if (roundId > latestRound) {
            latestRound = roundId;
            latestAnswer = answer;
            latestTimestamp = block.timestamp;
        }
        emit NewRound(roundId, msg.sender, block.timestamp);
        emit AnswerUpdated(answer, roundId, block.timestamp);
    }
}
