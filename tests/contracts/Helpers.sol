// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
pragma solidity ^0.8.20;

/// Makes calls in its own name, all in one transaction. As an account: those of its constructor, which have to succeed.
/// As a keeper: those of run(), which may fail; the answers are in the log.
contract Caller {
	struct Call {
		address to;
		bytes data;
	}

	event Answers(bool[] ok, bytes[] answers);

	constructor(Call[] memory calls) {
		for (uint256 i = 0; i < calls.length; i++) {
			(bool ok, bytes memory answer) = calls[i].to.call(calls[i].data);
			if (!ok) {
				assembly {
					revert(add(answer, 32), mload(answer))
				}
			}
		}
	}

	function run(Call[] calldata calls) external {
		bool[] memory ok = new bool[](calls.length);
		bytes[] memory answers = new bytes[](calls.length);

		for (uint256 i = 0; i < calls.length; i++) (ok[i], answers[i]) = calls[i].to.call(calls[i].data);
		emit Answers(ok, answers);
	}
}

/// A price that anyone sets, read as Aave's oracle reads Chainlink.
contract Feed {
	int256 public latestAnswer;

	constructor(int256 answer) {
		latestAnswer = answer;
	}

	function set(int256 answer) external {
		latestAnswer = answer;
	}
}

contract Token {
	string public name;
	string public symbol;
	uint8 public decimals;
	uint256 public totalSupply;
	mapping(address => uint256) public balanceOf;
	mapping(address => mapping(address => uint256)) public allowance;

	event Transfer(address indexed from, address indexed to, uint256 value);
	event Approval(address indexed owner, address indexed spender, uint256 value);

	constructor(string memory symbol_, uint8 decimals_) {
		name = symbol = symbol_;
		decimals = decimals_;
	}

	function mint(uint256 value) external {
		totalSupply += value;
		balanceOf[msg.sender] += value;
		emit Transfer(address(0), msg.sender, value);
	}

	function approve(address spender, uint256 value) external returns (bool) {
		allowance[msg.sender][spender] = value;
		emit Approval(msg.sender, spender, value);
		return true;
	}

	function transfer(address to, uint256 value) external returns (bool) {
		return move(msg.sender, to, value);
	}

	function transferFrom(address from, address to, uint256 value) external returns (bool) {
		allowance[from][msg.sender] -= value;
		return move(from, to, value);
	}

	function move(address from, address to, uint256 value) private returns (bool) {
		balanceOf[from] -= value;
		balanceOf[to] += value;
		emit Transfer(from, to, value);
		return true;
	}
}
